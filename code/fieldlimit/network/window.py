"""One window of the exact simulation: screen, iterate, check."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array
from fieldlimit.field import VectorField
from fieldlimit.network.blocks import Blocks
from fieldlimit.network.candidates import Candidates, check_bound, drawn, points_of
from fieldlimit.network.inputs import Constant, Input, Steps, Wave
from fieldlimit.network.iteration import Undecided, picard
from fieldlimit.network.measure import Measure
from fieldlimit.network.rows import STRIP, dots, norm, norms, running
from fieldlimit.network.rules import Acceptance, Mask

SMALL = 6_000  # numbers: below, a plain cumulative sum is faster than a sparse product


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
    rest: Array | None  # <k_i, p>, (N,), if p is constant; empty when it is 0

    @property
    def middle(self) -> Array:
        """p at mid-window, (r,)."""
        return self.drive.path(np.array([self.start + self.duration / 2]))[0]

    @property
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
        rho = radius + drift
        rho += window.blocks.rounding(norm(centre) + rho)
        top = window.rule.bound(window.blocks, h, rho)
        check_bound(top, window)
        if measure is not None:
            if candidates is None or top.max() > candidates.bound[0]:
                candidates = points_of(measure, window, float(top.max()))
        elif candidates is None or (top > candidates.bound).any():
            assert rng is not None
            candidates = drawn(candidates, top, window, rng)
        step = _follow(window, candidates, h, rho, spacing, tubes)
        if step.excursion <= radius:
            return step
        radius = max(1.5 * radius, 1.2 * step.excursion)
    raise RuntimeError(f"the path at t = {window.start} left 200 tubes")


def _follow(
    window: Window,
    candidates: Candidates,
    h: NDArray,
    rho: float,
    spacing: int,
    tubes: int,
) -> Step:
    """The path that follows if the tube of half-width rho ||k_i|| holds it."""
    times, places, rule, N = candidates.times, candidates.places, window.rule, window.network.size
    neurons = window.blocks.order.take(places)
    excess = rule.excess(h.take(places), candidates.keys)
    spiking = excess > 0  # by the guess
    undecided = rule.open(excess, window.blocks.margin(rho, places)).nonzero()[0]
    ends = times.searchsorted(window.asked, side="right")
    rows = _rows(len(times), undecided, ends, spacing)
    nodes = rows[:-1]
    growth = np.exp(times)
    before = _before(window, neurons, growth * spiking, rows)
    found = _open(
        window,
        candidates,
        nodes,
        neurons.take(nodes),
        growth.take(nodes),
        before[:-1],
        spiking.take(nodes),
    )
    spiking[nodes], changed, sums, passes = picard(found, rule)
    changed = nodes.take(changed)
    sums = np.concatenate([np.zeros((1, sums.shape[1])), sums])

    def path(t: Array, places: NDArray[np.int64]) -> Array:
        """Y at t, with these candidates the next, (n,) -> (n, r)."""
        assumed = before.take(rows.searchsorted(places), axis=0)
        growing = assumed + sums.take(changed.searchsorted(places), axis=0)
        growing *= np.exp(-t)[:, None] / N
        return growing

    latent = path(window.asked, ends) if len(ends) else np.empty((0, before.shape[1]))
    some = np.arange(0, len(times) + spacing, spacing)
    some[-1] = len(times)
    t = times.take(some, mode="clip") if len(times) else np.empty(1)
    t[-1] = window.duration
    y = path(t, some)
    spikes = spiking.nonzero()[0]
    return Step(
        times.take(spikes), neurons.take(spikes), latent, y[-1],
        _excursion(window, t, y, spacing), len(places), len(undecided), passes, tubes,
    )  # fmt: skip


def _open(
    window: Window,
    candidates: Candidates,
    which: NDArray[np.int64],
    neurons: NDArray[np.int32],
    growth: Array,
    before: Array,
    assumed: Mask,
) -> Undecided:
    """Some of the candidates, to be decided afresh: N e^t Y is `before` (m, r) if those `assumed` jump."""
    k = window.network.k.take(neurons, axis=0)
    h = dots(k, before) / (window.network.size * growth)
    if window.rest is None:
        p = window.drive.path(window.start + candidates.times.take(which))
        if not window.trusted:
            _check_speed(window, p)
        h += dots(k, p)
    elif len(window.rest):
        h += window.rest.take(neurons)
    length = window.blocks.length
    if not isinstance(length, float):
        length = length.take(candidates.places.take(which))
    return Undecided(
        candidates.keys.take(which), h, growth, assumed, k, neurons, window.network.w, length,
        window.network.size,
    )  # fmt: skip


def _rows(
    n: int, undecided: NDArray[np.int64], ends: NDArray[np.int64], spacing: int
) -> NDArray[np.int64]:
    """Candidates before which the path is computed: undecided, the next to asked times, and every few; and n, the end.

    All of them are decided afresh, which does no harm.
    """
    mark = np.zeros(n + 1, dtype=bool)
    mark[::spacing] = mark[-1] = True
    mark[undecided] = mark[ends] = True
    return mark.nonzero()[0]


def _before(
    window: Window, neurons: NDArray[np.int32], jumps: Array, rows: NDArray[np.int64]
) -> Array:
    """N e^t Y just before each node, and at the end, if it jumps by w times `jumps`: (nodes + 1, r).

    rows (nodes + 1,): how many of the jumps come before each.
    """
    w, N = window.network.w, window.network.size
    if len(neurons) * w.shape[1] <= SMALL:
        every = np.empty((len(neurons) + 1, w.shape[1]))
        every[0] = N * window.y
        np.multiply(w.take(neurons, axis=0), jumps[:, None], out=every[1:])
        return running(every).take(rows, axis=0)
    from scipy.sparse import csr_array

    ends = np.full(len(rows) + 1 + -len(rows) % STRIP, len(neurons), dtype=np.int32)
    ends[0], ends[1 : len(rows) + 1] = 0, rows
    before: Array = csr_array((jumps, neurons, ends), shape=(len(ends) - 1, N)) @ w
    before[0] += N * window.y
    return running(before)[: len(rows)]


def _excursion(window: Window, t: Array, y: Array, spacing: int) -> float:
    """A bound of sup ||Y - guess|| over the window, from Y at t, just before every few candidates and at the end.

    Between two jumps Y moves on a straight line, so with all candidates the values on both sides of
    the jumps decide. Otherwise the path between two of the times has a length L of at most its jumps
    and its decay, and stays within the larger distance of its ends plus L / 2.
    """
    far = max(norm(window.y - window.guess), float(norms(y - window.guess).max()))
    gaps = t[1:] - t[:-1]
    if spacing == 1:
        after = y[1:] * np.exp(gaps)[:, None]
        return max(far, float(norms(after - window.guess).max(initial=0.0)))
    gap = max(float(t[0]), float(gaps.max(initial=0.0)))
    jumps = spacing * window.jump
    highest = norm(window.guess) + far + jumps
    return far + (jumps + gap * highest) / 2


def _check_speed(window: Window, p: Array) -> None:
    if (
        len(p)
        and (excess := float(norms(p - window.middle).max())) > window.drift * (1 + 1e-9) + 1e-12
    ):
        raise ValueError(
            f"the stated bound of the input's speed allows a distance {window.drift:.6g} from mid-window, "
            f"but near t = {window.start:.6g} it is {excess:.6g}"
        )
