"""The exact simulation, window after window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, finite_array, positive, positive_integer, shaped
from fieldlimit.field import VectorField
from fieldlimit.network.blocks import Blocks, blocks, default_size
from fieldlimit.network.inputs import Constant, Input
from fieldlimit.network.measure import Measure
from fieldlimit.network.rules import Acceptance, acceptance
from fieldlimit.network.spikes import Spikes, joined, recorded
from fieldlimit.network.window import Step, Window, run

REMEMBERED = 8  # windows whose excursions set the next tube
MARGIN = 1.2  # of the tube over the largest of them
LONGEST, SHORTEST = 4.0, 1 / 16  # windows, in units of tau
STEP = 2**0.5  # from one length of a window to the next
TOP_WINDOW = 300.0  # of a window that is given: e^{2t} is a number
FIXED = 60_000  # numbers handled for undecided candidates in the time that a window costs as such
CROWD = 50_000  # candidates of a window, and a third of N: many more do not fit into the processor's cache


def simulate(
    network: VectorField,
    duration: float,
    *,
    rng: np.random.Generator | None,
    h0: Array | None = None,
    dt: float = 0.01,
    at: Array | None = None,
    record: NDArray[np.integer] | None = None,
    drive: Input | None = None,
    measure: Measure | None = None,
    window: float | None = None,
    block: int | None = None,
    progress: bool = False,
) -> Spikes:
    """The LNP network over [0, duration], exactly, from Z_0 = h0 (default p(0), that of a silent network).

    There is no time step (thm-thinning, thm-picard). Z is returned at the times `at`, increasing,
    or on a grid from 0 to the duration of spacing at most dt: exact there, whatever dt. record: the
    numbers of the neurons whose spikes are kept (default all); all neurons spike all the same.

    drive: an input that changes in time, in place of network.I (`fieldlimit.network.inputs`).
    measure: the points of a given Poisson measure decide, and rng is None; networks simulated with
    one measure are coupled. (Windows are then of one length, 0.5 unless given.) window (units of tau) and block (neurons) change the speed, not the
    law. progress: a bar, when tqdm is installed.

    Deterministic given rng's state. ValueError before any work when the weights are not all 1/N (a
    quadrature is no network), when a rate is negative or not finite, or when phi has neither
    inverse nor bound; and when the number of candidates in a window explodes.
    """
    parts = stream(
        network, duration, rng=rng, h0=h0, dt=dt, at=at, record=record, drive=drive, measure=measure,
        window=window, block=block,
    )  # fmt: skip
    return joined(list(_with_bar(parts, float(duration)) if progress else parts))


def stream(
    network: VectorField,
    duration: float,
    *,
    rng: np.random.Generator | None,
    h0: Array | None = None,
    dt: float = 0.01,
    at: Array | None = None,
    record: NDArray[np.integer] | None = None,
    drive: Input | None = None,
    measure: Measure | None = None,
    window: float | None = None,
    block: int | None = None,
) -> Iterator[Spikes]:
    """The spikes and states of `simulate`, window after window: memory does not grow with duration."""
    duration = positive("duration", duration)
    N, rank = network.k.shape
    if not np.allclose(network.weights, 1 / N, rtol=1e-12, atol=0):
        raise ValueError(f"the weights of a network are 1/N = {1 / N}, but {network.weights[0]}")
    moving = Constant(network.I) if drive is None else drive
    p0 = shaped("the input at time 0", moving.path(np.zeros(1))[0], (rank,))
    z = p0 if h0 is None else shaped("h0", h0, (rank,))
    times = _grid(duration, positive("dt", dt)) if at is None else _asked(at, duration)
    kept = recorded(record, N)
    rule = acceptance(network.phi)
    _check_rates(network, rule, z)
    size = default_size(N) if block is None else positive_integer("block", block)
    fixed = None if window is None else positive("window", window)
    if fixed is not None and fixed > TOP_WINDOW:
        raise ValueError(f"window is at most {TOP_WINDOW:g} tau, but window = {fixed}")
    lengths = Lengths(SHORTEST, LONGEST) if fixed is None else Lengths(fixed, fixed)
    if (rng is None) == (measure is None):
        raise ValueError(f"either rng or measure is given, but rng = {rng} and measure = {measure}")
    if measure is not None:
        if measure.N != N:
            raise ValueError(f"the measure has N = {N} neurons, but measure.N = {measure.N}")
        fixed, size = fixed or 0.5, N
        lengths = Lengths(fixed, fixed)
    in_order = measure is not None  # all neurons in one block, as they are numbered
    layout = blocks(network, np.arange(N) if in_order else rule.order(network.k @ z), size)
    return _windows(
        network, rule, layout, moving, duration, lengths, z - p0, times, kept, rng, measure
    )


def _windows(
    network: VectorField,
    rule: Acceptance,
    layout: Blocks,
    drive: Input,
    duration: float,
    lengths: Lengths,
    y: Array,
    times: Array,
    kept: NDArray[np.bool_] | None,
    rng: np.random.Generator | None,
    measure: Measure | None,
) -> Iterator[Spikes]:
    N = network.size
    spacing = int(np.clip(N // 300, 1, 16))
    pull = _first_pull(network, drive, y)
    excursions: list[float] = []  # over the root of the window's duration
    jump = float(np.sqrt(np.einsum("ij,ij->i", network.w, network.w).max())) / N
    rest = network.k @ drive.I if isinstance(drive, Constant) else None
    best, done, start, m, length = np.inf, 0, 0.0, 0, lengths.first
    while start < duration:
        m += 1
        stop = start + length if measure is None else m * length
        if stop > duration * (1 - 1e-12):
            stop = duration
        span = stop - start
        until = int(np.searchsorted(times, stop, side="right")) if stop < duration else len(times)
        asked = np.clip(times[done:until] - start, 0.0, span)
        guess = pull + np.exp(-span / 2) * (y - pull)
        frame = Window(network, rule, layout, drive, start, span, y, guess, asked, jump, rest)
        if excursions:
            radius = MARGIN * float(np.sqrt(span)) * max(excursions)
        else:
            radius = _first_radius(network, frame, pull)
        step = run(frame, radius, rng=rng, measure=measure, spacing=spacing)
        excursions = [*excursions[-REMEMBERED + 1 :], step.excursion / float(np.sqrt(span))]
        pull = (step.end - np.exp(-span) * y) / -np.expm1(-span)
        y = step.end
        yield _part(step, start, times[done:until], drive, kept)
        start, done, length = stop, until, lengths.after(length, step, N)
        if measure is None and len(step.times):
            waste = step.tried / len(step.times)
            if waste > 1.3 * best:
                z = drive.path(np.array([stop]))[0] + y
                layout, best = blocks(network, rule.order(network.k @ z), layout.size), np.inf
            else:
                best = min(best, waste)


def _part(
    step: Step, start: float, times: Array, drive: Input, kept: NDArray[np.bool_] | None
) -> Spikes:
    spikes, neurons = start + step.times, step.neurons
    if kept is not None:
        chosen = kept[neurons]
        spikes, neurons = spikes[chosen], neurons[chosen]
    latent = drive.path(times) + step.latent
    return Spikes(spikes, neurons.astype(np.int64), times, latent)


@dataclass(frozen=True)
class Lengths:
    """Of windows, between shortest and longest: as much work for the window as for its undecided.

    A longer window is worth its overhead until the tube, which grows with it, leaves too many
    candidates undecided, or until there are too many of them. The choice depends on past windows only,
    so it does not change the law.
    """

    shortest: float
    longest: float

    @property
    def first(self) -> float:
        return max(self.shortest, self.longest / 4)

    def after(self, length: float, step: Step, N: int) -> float:
        rank = len(step.end)
        work = step.undecided * (rank + 6) / (FIXED + N * rank / 60)
        share = max(work, step.tried / (CROWD + N / 3))
        if share < 0.7:
            return min(STEP * length, self.longest)
        return max(length / STEP, self.shortest) if share > 1.4 else length


def _first_pull(network: VectorField, drive: Input, y: Array) -> Array:
    """The mean jumps per tau at time 0: where Y would settle if the rates stayed."""
    rates = network.phi(network.k @ (drive.path(np.zeros(1))[0] + y))
    pull: Array = (rates / network.size) @ network.w
    return pull


def _first_radius(network: VectorField, window: Window, pull: Array) -> float:
    """Half the way of the mean path, and four standard deviations of the sum of the jumps."""
    rates = network.phi(network.k @ (window.middle + window.y))
    square = np.einsum("ij,ij->i", network.w, network.w)
    variance = float(rates @ square) / network.size**2 * window.duration
    way = float(np.linalg.norm(pull - window.y)) * -float(np.expm1(-window.duration))
    return way + 4 * float(np.sqrt(variance)) + window.jump


def _grid(duration: float, dt: float) -> Array:
    steps = max(1, int(np.ceil(duration / dt * (1 - 1e-12))))
    return duration / steps * np.arange(steps + 1.0, dtype=float)


def _asked(at: Array, duration: float) -> Array:
    at = shaped("at", at, (None,))
    if (np.diff(at) < 0).any() or (len(at) and (at[0] < 0 or at[-1] > duration)):
        raise ValueError(f"times `at` increase within [0, {duration}], but at = {at}")
    return at


def _check_rates(network: VectorField, rule: Acceptance, z: Array) -> None:
    """Rates at the start, and a unit further on both sides; there also what phi says of itself."""
    h = network.k @ z
    around = np.linspace(h.min() - 1, h.max() + 1, 65)
    with np.errstate(over="ignore", invalid="ignore"):
        rates = finite_rates = network.phi(h)
        probe = network.phi(around)
        total = float(rates.sum())
    if not (np.isfinite(total) and rates.min() >= 0 and finite_array("h", h).size):
        raise ValueError(
            f"rates are finite and at least 0, but at the start their sum is {total}, the least {finite_rates.min()}"
        )
    if not probe.min() >= 0:
        raise ValueError(f"phi is at least 0, but it takes the value {probe.min()}")
    rule.check(around[np.isfinite(probe)], probe[np.isfinite(probe)])


def _with_bar(parts: Iterator[Spikes], duration: float) -> Iterator[Spikes]:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield from parts
        return
    bar: Any = tqdm(total=duration, unit="tau")
    with bar:
        for part in parts:
            if len(part.latent_times):
                bar.update(float(part.latent_times[-1]) - bar.n)
            yield part
