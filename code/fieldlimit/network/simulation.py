"""The exact simulation: what is asked, checked before any work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, finite_array, positive, positive_integer, shaped
from fieldlimit.field import VectorField
from fieldlimit.network.blocks import blocks, default_size
from fieldlimit.network.inputs import Constant, Input
from fieldlimit.network.measure import Measure
from fieldlimit.network.plan import Lengths, Plan
from fieldlimit.network.rules import Acceptance, acceptance
from fieldlimit.network.spikes import Spikes, joined, recorded

TOP_WINDOW = 300.0  # of a window that is given: e^{2t} is a number


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
    one measure are coupled. (Windows are then of one length, 0.5 unless given.)
    window (units of tau) and block (neurons) change the speed, not the law. progress: a bar, when
    tqdm is installed.

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
    off = np.abs(N * network.weights - 1)
    if not off.max() <= 1e-12:
        worst = network.weights[off.argmax()]
        raise ValueError(f"the weights of a network are 1/N = {1 / N}, but one is {worst}")
    moving = Constant(network.I) if drive is None else drive
    p0 = shaped("the input at time 0", moving.path(np.zeros(1))[0], (rank,))
    z = p0 if h0 is None else shaped("h0", h0, (rank,))
    rule = acceptance(network.phi)
    h = network.k @ z
    rates = _checked_rates(network, rule, h)
    _check_source(rng, measure, N)
    size = default_size(N) if block is None else positive_integer("block", block)
    if measure is not None:  # all neurons in one block, as they are numbered
        layout = blocks(network, np.arange(N), N)
    else:
        layout = blocks(network, rule.order(h), size)
    plan = Plan(
        network=network,
        rule=rule,
        layout=layout,
        drive=moving,
        duration=duration,
        lengths=_lengths(window, measure),
        y=z - p0,
        rates=rates,
        times=_grid(duration, positive("dt", dt)) if at is None else _asked(at, duration),
        kept=recorded(record, N),
        rng=rng,
        measure=measure,
    )
    return iter(plan)


def _grid(duration: float, dt: float) -> Array:
    steps = max(1, int(np.ceil(duration / dt * (1 - 1e-12))))
    return duration / steps * np.arange(steps + 1.0, dtype=float)


def _asked(at: Array, duration: float) -> Array:
    at = shaped("at", at, (None,))
    if (np.diff(at) < 0).any() or (len(at) and (at[0] < 0 or at[-1] > duration)):
        raise ValueError(f"times `at` increase within [0, {duration}], but at = {at}")
    return at


def _lengths(window: float | None, measure: Measure | None) -> Lengths:
    """All windows as long as the given one; those of a measure half a tau where none is given."""
    if window is None and measure is None:
        return Lengths()
    fixed = 0.5 if window is None else positive("window", window)
    if fixed > TOP_WINDOW:
        raise ValueError(f"window is at most {TOP_WINDOW:g} tau, but window = {fixed}")
    return Lengths(fixed, fixed)


def _check_source(rng: np.random.Generator | None, measure: Measure | None, N: int) -> None:
    if (rng is None) == (measure is None):
        raise ValueError(f"either rng or measure is given, but rng = {rng} and measure = {measure}")
    if measure is not None and measure.N != N:
        raise ValueError(f"the measure has N = {N} neurons, but measure.N = {measure.N}")


def _checked_rates(network: VectorField, rule: Acceptance, h: Array) -> Array:
    """Rates at the start, looked at also a unit further on both sides; there also what phi says of itself."""
    around = np.linspace(h.min() - 1, h.max() + 1, 65)
    with np.errstate(over="ignore", invalid="ignore"):
        rates: Array = network.phi(h)
        probe = network.phi(around)
        total = float(rates.sum())
    if not (np.isfinite(total) and rates.min() >= 0 and finite_array("h", h).size):
        raise ValueError(
            f"rates are finite and at least 0, but at the start their sum is {total}, the least {rates.min()}"
        )
    if not probe.min() >= 0:
        raise ValueError(f"phi is at least 0, but it takes the value {probe.min()}")
    rule.check(around[np.isfinite(probe)], probe[np.isfinite(probe)])
    return rates


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
