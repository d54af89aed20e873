"""A rhythm of excitation and inhibition: the cycle of the field, that of a network, and their periods."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Bar, Control, Line, Panel, View
from fieldlimit.explorables.error_in_time import trajectories
from fieldlimit.field import Model, neural_field
from fieldlimit.kernels import population_kernel
from fieldlimit.long_times import LimitCycle, PeriodLaw, attracting_cycle, period_law
from fieldlimit.nonlinearities import Logistic

Array = NDArray[np.float64]

FRACTIONS = np.array([0.8, 0.2])
COUPLING = np.array([[12.0, -12.0], [12.0, 0.0]])  # of the populations, all their neurons together
STEP = 0.04
SETTLE = 500  # steps until a network is on its cycle
SHOWN = 750  # steps that are drawn: 30 tau
DRAWS = 100
BINS = np.linspace(-3.25, 3.25, 14)  # in predicted standard deviations


def oscillator(gain: float) -> Model:
    """h = 0 is a zero of the field; it turns unstable at gain 2/3, and a cycle appears."""
    return Model(
        population_kernel(COUPLING / FRACTIONS, FRACTIONS),
        Logistic(gain=gain),
        -COUPLING.sum(axis=1) / 2,
    )


def frame(*, N: int, gain: float, seed: int) -> dict[str, object]:
    """One of a hundred networks started on the field's cycle, and the periods of them all."""
    limit = _limit(gain)
    networks, cloud = _cloud(N, gain)
    states, period = networks[seed % DRAWS], float(cloud[seed % DRAWS])
    score = (cloud - limit.law.period) * np.sqrt(N) / limit.law.deviation
    late = states[SETTLE:]
    height = np.histogram(score, BINS)[0] / DRAWS / (BINS[1] - BINS[0])
    centres = (BINS[1:] + BINS[:-1]) / 2
    density = np.linspace(BINS[0], BINS[-1], 81)
    return {
        "t": STEP * np.arange(0, SHOWN + 1, 3),
        "field": limit.states[: SHOWN + 1 : 3, 0],
        "network": states[: SHOWN + 1 : 3, 0],
        "cycle_x": limit.cycle.states[:, 0],
        "cycle_y": limit.cycle.states[:, 1],
        "orbit_x": late[:250, 0],
        "orbit_y": late[:250, 1],
        "score": centres,
        "height": height,
        "z": density,
        "normal": np.exp(-(density**2) / 2) / np.sqrt(2 * np.pi),
        "period": limit.law.period,
        "multiplier": float(np.abs(limit.cycle.multipliers[1])),
        "own": f"has the period {period:.3f}" if np.isfinite(period) else "does not oscillate",
        "predicted": limit.law.deviation / np.sqrt(N),
        "seen": float(np.nanstd(cloud)),
        "rhythmic": int(np.isfinite(cloud).sum()),
    }


def periods(model: Model, weights: Array, start: Array) -> Array:
    """The period of each network with the given shares (M, 2), once it has settled; NaN without a rhythm."""
    return _periods(trajectories(model, weights, start, STEP, SETTLE + SHOWN))


@dataclass(frozen=True, eq=False)
class _Limit:
    model: Model
    cycle: LimitCycle
    law: PeriodLaw
    states: Array  # (T, 2)


@cache
def _limit(gain: float) -> _Limit:
    model = oscillator(gain)
    cycle = attracting_cycle(neural_field(model), np.array([1.0, 0.0]))
    states = trajectories(model, FRACTIONS[None], cycle.states[0], STEP, SHOWN)[0]
    return _Limit(model, cycle, period_law(model, cycle), states)


@cache
def _cloud(N: int, gain: float) -> tuple[Array, Array]:
    """Trajectories (DRAWS, T, 2) and periods (DRAWS,)."""
    limit = _limit(gain)
    weights = np.random.default_rng(N).multinomial(N, FRACTIONS, size=DRAWS) / N
    states = trajectories(limit.model, weights, limit.cycle.states[0], STEP, SETTLE + SHOWN)
    return states, _periods(states)


def _periods(states: Array) -> Array:
    """Mean time between upward passages of the excitatory potential through its mean, (M, T, 2) -> (M,).

    The passage is found by linear interpolation; over some seven periods its error, of second order in the
    step, is the same each time and cancels.
    """
    found = np.full(len(states), np.nan)
    for i, potential in enumerate(states[:, SETTLE:, 0]):
        height = potential - potential.mean()
        before = np.flatnonzero((height[:-1] < 0) & (height[1:] >= 0))
        if len(before) < 3 or np.ptp(height[-len(height) // 4 :]) < 0.05:
            continue
        crossing = before + height[before] / (height[before] - height[before + 1])
        found[i] = STEP * (crossing[-1] - crossing[0]) / (len(crossing) - 1)
    return found


view = View(
    panels=[
        Panel(
            "The two cycles",
            x=Axis("excitatory potential"),
            y=Axis("inhibitory potential"),
            marks=[
                Line("cycle_x", "cycle_y", "limit", "field", width=3.0),
                Line("orbit_x", "orbit_y", "network", "network, once settled"),
            ],
            aspect=1.0,
        ),
        Panel(
            "From the same state at t = 0",
            x=Axis("time t", unit="τ"),
            y=Axis("excitatory potential"),
            marks=[
                Line("t", "field", "limit", "field", width=2.5),
                Line("t", "network", "network", "network"),
            ],
            aspect=1.0,
        ),
        Panel(
            "Periods of a hundred networks",
            x=Axis("√N (T_N − T), predicted deviations", domain=(-3.25, 3.25)),
            y=Axis("density", domain=(0, 0.6)),
            marks=[
                Bar("score", "height", "data", "seen"),
                Line("z", "normal", "prediction", "predicted", width=2.25),
            ],
            aspect=1.0,
        ),
    ],
    controls={
        "N": Control("neurons N", format=","),
        "gain": Control("gain"),
        "seed": Control("draw of the network"),
    },
    description=(
        "Gain {gain}: the field has a cycle of period {period:.3f} with Floquet multiplier {multiplier:.3f}. This network of {N:,} "
        "neurons {own}. Of a hundred of its size {rhythmic} oscillate; their periods scatter by {seen:.3f}, and {predicted:.3f} is predicted."
    ),
    columns=3,
)
