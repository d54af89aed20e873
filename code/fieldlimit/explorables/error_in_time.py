"""The error of a network in time: Gronwall's bound, the bound for all times, and the truth.

Two populations as in `certified_ball`, started near the silent state. The networks are integrated side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Area, Axis, Control, Dot, Line, Panel, View
from fieldlimit.explorables.certified_ball import FRACTIONS, populations
from fieldlimit.field import Model, lipschitz_constant, neural_field, runge_kutta
from fieldlimit.fixed_points import fixed_points
from fieldlimit.long_times import (
    AttractorConstants,
    attractor_constants,
    contraction_error,
    trajectory_certificate,
)

Array = NDArray[np.float64]

DELTA = 0.05
DRAWS = 60  # further networks, whose errors surround that of the one shown
STEP, STEPS = 0.25, 160  # Runge and Kutta: errors of 1e-6, far below those of the networks
TIMES: Array = STEP * np.arange(STEPS + 1, dtype=float)
LEAST, MOST = 1e-5, 30.0  # of the axis of errors
DIRECTION = np.array([0.8, 0.6])  # from the fixed point to the start
ANGLES = np.linspace(0.0, 2 * np.pi, 61)


def frame(*, N: int, gain: float, away: float, seed: int) -> dict[str, object]:
    """Errors of networks that start with the field, `away` of the way from h* to where its basin is proven to end."""
    limit = _limit(gain, away)
    drawn = np.random.default_rng([seed, N]).multinomial(N, FRACTIONS, size=DRAWS + 1) / N
    states = trajectories(limit.model, drawn, limit.constants.start)  # (DRAWS + 1, T, 2)
    errors = np.linalg.norm(states - limit.states, axis=2)
    certificate = trajectory_certificate(limit.constants, N, DELTA)
    bound = certificate.error_at(TIMES)
    gronwall = contraction_error(
        TIMES, 2.0 - lipschitz_constant(limit.model), start=0.0, deviation=certificate.zeta
    )
    band = np.quantile(errors[1:], (0.05, 0.95), axis=0)
    ellipse = limit.circle @ limit.constants.weight.inverse.T
    h = limit.constants.h
    basin = h + (certificate.basin if certificate.holds else np.nan) * ellipse
    home = h + (certificate.radius if certificate.holds else np.nan) * ellipse
    worst = errors.max(axis=1)
    return {
        "t": TIMES,
        "truth": _shown(errors[0]),
        "low": np.maximum(band[0], LEAST),
        "high": np.maximum(band[1], LEAST),
        "bound": _shown(bound),
        "gronwall": _shown(gronwall),
        "field_x": limit.states[:, 0],
        "field_y": limit.states[:, 1],
        "network_x": states[0, :, 0],
        "network_y": states[0, :, 1],
        "basin_x": basin[:, 0],
        "basin_y": basin[:, 1],
        "home_x": home[:, 0],
        "home_y": home[:, 1],
        "zero_x": h[:1],
        "zero_y": h[1:],
        "alpha": limit.constants.alpha,
        "worst": float(worst[0]),
        "promise": f"at most {certificate.error:.2g}"
        if certificate.holds
        else "nothing, since " + certificate.reason,
        "silly": float(TIMES[np.argmax(gronwall > 1.0)]),
    }


@dataclass(frozen=True, eq=False)
class _Limit:
    """What does not depend on the network."""

    model: Model
    constants: AttractorConstants
    states: Array  # (T, 2)
    circle: Array  # (angles, 2)


@cache
def _limit(gain: float, away: float) -> _Limit:
    model = populations(gain)
    F = neural_field(model)
    h = fixed_points(F, rng=np.random.default_rng(1)).stable[0].h
    still = attractor_constants(model, h)
    proven = 2.0 * still.alpha / (still.curvature * still.omega * min(still.kappa**2, still.top))
    at = h + away * proven * DIRECTION / still.weight.norm(DIRECTION)
    constants = attractor_constants(model, h, start=at, weight=still.weight)
    states = trajectories(model, FRACTIONS[None], at)[0]
    circle = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
    return _Limit(model, constants, states, circle)


def trajectories(
    model: Model, weights: Array, start: Array, step: float = STEP, steps: int = STEPS
) -> Array:
    """h_N(t) at t = 0, step, ..., of networks with the given shares of neurons (M, 2): (M, steps + 1, 2)."""
    coupling = model.kernel.w(np.array([[0.0], [1.0]]))  # rows w_x

    def F(h: Array) -> Array:
        return -h + model.I + (weights * model.phi(h)) @ coupling

    starts = np.broadcast_to(start, (len(weights), 2))
    return runge_kutta(F, starts, step, steps).swapaxes(0, 1)


def _shown(errors: Array) -> Array:
    """What the axis has room for."""
    return np.where((errors < LEAST) | (errors > MOST), np.nan, errors)


view = View(
    panels=[
        Panel(
            "Distance of network and field",
            x=Axis("time t", unit="τ", domain=(0, 40)),
            y=Axis("‖h_N(t) − h(t)‖", domain=(LEAST, MOST), scale="log"),
            marks=[
                Area("t", "low", "high", "data", "90 % of 60 networks"),
                Line("t", "gronwall", "bound", "Gronwall", dash=True, width=1.25),
                Line("t", "bound", "bound", "bound for all times", width=2.25),
                Line("t", "truth", "network", "this network"),
            ],
            aspect=0.9,
        ),
        Panel(
            "The plane of the two potentials",
            x=Axis("excitatory potential", domain=(-1.7, -0.1)),
            y=Axis("inhibitory potential", domain=(-1.7, -0.1)),
            marks=[
                Line("basin_x", "basin_y", "bound", "proven basin", dash=True, width=1.25),
                Line(
                    "home_x", "home_y", "bound", "a stable zero of the network inside", width=1.75
                ),
                Line("field_x", "field_y", "limit", "field", width=2.5),
                Line("network_x", "network_y", "network", "this network"),
                Dot("zero_x", "zero_y", "limit", "stable zero of the field", size=2.5),
            ],
            aspect=0.9,
        ),
    ],
    controls={
        "N": Control("neurons N", format=","),
        "gain": Control("gain"),
        "away": Control("distance of start"),
        "seed": Control("draw of the network"),
    },
    description=(
        "Gain {gain}, {N:,} neurons: the field contracts at the rate {alpha:.2f} near its stable zero. The error of this network "
        "is at most {worst:.2g}. For all times the theorem promises {promise}. Gronwall's bound exceeds 1 at t = {silly:.1f}."
    ),
    columns=2,
)
