"""One window of the exact simulation: screen, iterate, check."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array
from fieldlimit.field import VectorField
from fieldlimit.network.blocks import Blocks, draw
from fieldlimit.network.inputs import Constant, Input, Steps, Wave
from fieldlimit.network.iteration import Undecided, picard
from fieldlimit.network.measure import Measure
from fieldlimit.network.rules import Acceptance, Mask

SMALL = 6_000  # numbers: below, a plain cumulative sum is faster than a sparse product
MOST = 50_000_000  # candidates in a window: beyond, the memory of a common machine


@dataclass(eq=False)
class Candidates:
    """Points (t, i, u) of the Poisson measures in a window, below a bound of the rates.

    places (n,) of the neurons in the blocks, keys (n,) of the heights. times (n,) from the start of
    the window, nan as long as nobody has asked: a rejected candidate needs none.
    """

    places: NDArray[np.int32]
    keys: Array
    times: Array | None
    bound: Array  # (blocks,)


@dataclass(frozen=True, eq=False)
class Step:
    """What a window has produced: spikes, Y at asked times and at the end, and how it went.

    times (S,) from the start of the window and neurons (S,); latent (T, r) and end (r,): Y = Z - p.
    excursion: the largest distance of Y from the guess.
    """

    times: Array
    neurons: NDArray[np.int32]
    latent: Array
    end: Array
    excursion: float
    tried: int  # candidates
    undecided: int
    passes: int
    tubes: int


@dataclass(frozen=True, eq=False)
class Window:
    """[start, start + duration], entered with Y (r,); guess (r,) of Y in it; asked times from start."""

    network: VectorField
    rule: Acceptance
    blocks: Blocks
    drive: Input
    start: float
    duration: float
    y: Array
    guess: Array
    asked: Array  # (T,), increasing, in [0, duration]
    jump: float  # max ||w_i|| / N

    @cached_property
    def middle(self) -> Array:
        """p at mid-window, (r,)."""
        return self.drive.path(np.array([self.start + self.duration / 2]))[0]

    @cached_property
    def drift(self) -> float:
        """Bound of the distance of p from its value at mid-window."""
        return self.drive.speed(self.start, self.start + self.duration) * self.duration / 2

    @property
    def trusted(self) -> bool:
        """Whether the bound of p's speed is the library's own, and no promise of the caller."""
        return isinstance(self.drive, Constant | Steps | Wave)


def run(
    window: Window,
    radius: float,
    *,
    rng: np.random.Generator | None,
    measure: Measure | None,
    spacing: int,
) -> Step:
    """The exact path in the window. radius of the first tube around the guess, in H, for Y.

    A tube that the path leaves is made half as wide again, or wide enough for the path that has
    been found, and the points of the Poisson measures that this adds are drawn.
    """
    centre = window.middle + window.guess
    h = window.blocks.potentials(centre)
    drift = window.drift
    if not window.trusted:
        seen = np.concatenate([[0.0], window.asked, [window.duration]])
        _check_speed(window, window.drive.path(window.start + seen))
    candidates: Candidates | None = None
    for tubes in range(1, 200):
        rounding = window.blocks.rounding(np.abs(centre) + radius + drift)
        rho = radius + drift + rounding
        top = window.rule.bound(window.blocks, h, rho)
        _check_bound(top, window)
        if measure is not None:
            if candidates is None or top.max() > candidates.bound[0]:
                candidates = _points_of(measure, window, float(top.max()))
        elif candidates is None or (top > candidates.bound).any():
            assert rng is not None
            candidates = _drawn(candidates, top, window, rng)
        step = _follow(window, candidates, h, rho, rng, spacing, tubes)
        if step.excursion <= radius:
            return step
        radius = max(1.5 * radius, 1.2 * step.excursion)
    raise RuntimeError(f"the path at t = {window.start} left 200 tubes")


def _follow(
    window: Window,
    candidates: Candidates,
    h: NDArray,
    rho: float,
    rng: np.random.Generator | None,
    spacing: int,
    tubes: int,
) -> Step:
    """The path that follows if the tube of half-width rho ||k_i|| holds it."""
    places, keys = candidates.places, candidates.keys
    margin = window.blocks.margin(rho, places)
    possible, certain = window.rule.screen(h[places], margin, keys)
    kept = np.flatnonzero(possible)
    times, kept = _timed(candidates, kept, window.duration, rng)
    open_ = ~certain[kept]
    neurons = window.blocks.order[places[kept]]

    ends = np.searchsorted(times, window.asked, side="right")
    nodes = _nodes(open_, ends, spacing)
    growth = np.exp(times)
    growth_certain = growth * ~open_
    sums = _sums(window.network, neurons, growth_certain, nodes)
    before = window.y + sums  # e^t Y just before each node, and at the end, without the undecided

    undecided = np.flatnonzero(open_)
    open_nodes = open_[nodes]
    accepted, extra, passes = _decide(
        window, neurons[undecided], keys[kept[undecided]], times[undecided], growth[undecided],
        before[:-1][open_nodes],
    )  # fmt: skip
    if len(undecided):  # their jumps before each node, and in all
        before[1:] += extra.T[np.cumsum(open_nodes)]
    node_times = np.append(times[nodes], window.duration)
    excursion = _excursion(window, before, node_times, spacing)
    spikes = ~open_
    spikes[undecided] = accepted
    latent = before[np.searchsorted(nodes, ends)] * np.exp(-window.asked)[:, None]
    return Step(
        times[spikes], neurons[spikes], latent, before[-1] * np.exp(-window.duration), excursion,
        len(places), len(undecided), passes, tubes,
    )  # fmt: skip


def _decide(
    window: Window,
    neurons: NDArray[np.int32],
    keys: Array,
    times: Array,
    growth: Array,
    base: Array,
) -> tuple[Mask, Array, int]:
    k = window.network.k.take(neurons, axis=0)
    p = window.drive.path(window.start + times)
    if not window.trusted:
        _check_speed(window, p)
    decay = 1 / growth
    candidates = Undecided(
        keys,
        np.einsum("ij,ij->i", k, p + base * decay[:, None]),
        k.T * decay,
        window.network.w.take(neurons, axis=0).T * (growth / window.network.size),
    )
    guess = np.einsum("ij,ij->i", k, p + window.guess)
    return picard(candidates, window.rule, window.rule.spikes(guess, keys))


def _nodes(open_: Mask, ends: NDArray[np.integer], spacing: int) -> NDArray[np.int64]:
    """Places in the order of time at which the path is computed: undecided, asked for, every few."""
    if spacing == 1:
        return np.arange(len(open_))
    mark = open_.copy()
    mark[::spacing] = True
    mark[ends[ends < len(open_)]] = True
    return np.flatnonzero(mark)


def _sums(
    network: VectorField, neurons: NDArray[np.int32], growth: Array, nodes: NDArray[np.int64]
) -> Array:
    """Sums of e^t w / N over the candidates before each node, and over all: (nodes + 1, r)."""
    rank = network.w.shape[1]
    sums = np.zeros((len(nodes) + 1, rank))
    if not len(neurons):
        return sums
    if len(neurons) * rank <= SMALL:
        every = np.cumsum(
            network.w.take(neurons, axis=0) * (growth / network.size)[:, None], axis=0
        )
        sums[1:-1], sums[-1] = every[nodes[1:] - 1], every[-1]
        return sums
    from scipy.sparse import csr_array

    rows = np.append(nodes, len(neurons)).astype(np.int32)  # the first node is 0
    shape = (len(nodes), network.size)
    between = csr_array((growth / network.size, neurons, rows), shape=shape) @ network.w
    np.cumsum(between, axis=0, out=sums[1:])
    return sums


def _excursion(window: Window, before: Array, times: Array, spacing: int) -> float:
    """A bound of sup ||Y_t - guess|| over the window, from e^t Y before each node and at the end.

    Between two jumps Y moves on a straight line, so with a node at every jump the values on both
    sides of the jumps decide. Otherwise the path between two nodes has a length L of at most its
    jumps and its decay, and stays within the larger distance of its ends plus L / 2.
    """
    at = before * np.exp(-times)[:, None]
    first = np.linalg.norm(window.y - window.guess)
    far = max(float(first), float(_norms(at - window.guess).max()))
    if spacing == 1:
        after = before[1:] * np.exp(-times[:-1])[:, None]
        return max(far, float(_norms(after - window.guess).max())) if len(after) else far
    gap = max(float(times[0]), float((times[1:] - times[:-1]).max(initial=0.0)))
    jumps = (spacing + 1) * window.jump
    return far + (jumps + gap * (float(_norms(at).max()) + jumps)) / 2


def _norms(a: Array) -> Array:
    return np.sqrt(np.einsum("ij,ij->i", a, a))


def _drawn(
    old: Candidates | None, top: Array, window: Window, rng: np.random.Generator
) -> Candidates:
    """Candidates below `top`; those that exist already stay, and the layer above them is added."""
    layer = top if old is None else np.maximum(top - old.bound, 0.0)
    places, heights, used = draw(layer, window.blocks.size, window.duration, rng)
    if old is not None:
        heights += old.bound[places // window.blocks.size]
    inside = places < window.network.size  # the last block has empty places
    if not inside.all():
        places, heights = places[inside], heights[inside]
    keys = window.rule.key(heights)
    if old is None:
        return Candidates(places, keys, None, used)
    times = np.full(len(old.places), np.nan) if old.times is None else old.times
    return Candidates(
        np.concatenate([old.places, places]),
        np.concatenate([old.keys, keys]),
        np.concatenate([times, np.full(len(places), np.nan)]),
        old.bound + used,
    )


def _points_of(measure: Measure, window: Window, top: float) -> Candidates:
    """All points of the measure in the window below a height that is at least `top`."""
    points = measure.between(window.start, window.start + window.duration, top)
    if len(points.times) > MOST:
        _too_many(window, len(points.times))
    return Candidates(
        points.neurons.astype(np.int32),
        window.rule.key(points.heights),
        points.times - window.start,
        np.full(window.blocks.count, top),
    )


def _timed(
    candidates: Candidates,
    kept: NDArray[np.int64],
    duration: float,
    rng: np.random.Generator | None,
) -> tuple[Array, NDArray[np.int64]]:
    """Times of the kept candidates in increasing order, and the candidates in that order.

    Candidates are drawn in random order, so when none has a time yet the order statistics of
    uniform times may be handed out as they come: sums of exponential variables, no sort.
    """
    if candidates.times is None:
        assert rng is not None
        gaps = np.cumsum(rng.standard_exponential(len(kept) + 1))
        times = gaps[:-1] * (duration / gaps[-1])
        candidates.times = np.full(len(candidates.places), np.nan)
        candidates.times[kept] = times
        return times, kept
    times = candidates.times[kept]
    new = np.isnan(times)
    if new.any():
        assert rng is not None
        times[new] = duration * rng.random(int(new.sum()))
        candidates.times[kept] = times
        order = np.argsort(times, kind="stable")
        return times[order], kept[order]
    if rng is None:  # points of a measure are in the order of time
        return times, kept
    order = np.argsort(times, kind="stable")
    return times[order], kept[order]


def _check_bound(top: Array, window: Window) -> None:
    total = float(top.sum()) * window.blocks.size
    if not (np.isfinite(total) and top.min() >= 0):
        raise ValueError(
            f"rates are finite and at least 0, but near t = {window.start:.6g} a bound of their sum is {total}"
        )
    if total * window.duration > MOST:
        _too_many(window, total * window.duration)


def _too_many(window: Window, count: float) -> None:
    raise ValueError(
        f"a window has at most {MOST:,} candidates, but the one from t = {window.start:.6g} on, of duration "
        f"{window.duration:.3g}, has {count:.3g}: the rates explode, or `window` is too long"
    )


def _check_speed(window: Window, p: Array) -> None:
    if (
        len(p)
        and (excess := float(_norms(p - window.middle).max())) > window.drift * (1 + 1e-9) + 1e-12
    ):
        raise ValueError(
            f"the stated bound of the input's speed allows a distance {window.drift:.6g} from mid-window, "
            f"but near t = {window.start:.6g} it is {excess:.6g}"
        )
