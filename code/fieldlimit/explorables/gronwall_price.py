"""Chapter 4: rate networks and their field near a saddle, near a sink and under inhibition, with Gronwall's bound.

One bit in the signs x = -1, +1 (`classical.sign_kernel`), phi logistic with phi_1 = 1: so Lambda = |J|, and a network is its
mean sign eta: F_N = F + sign(J) sqrt|J| eta/2, a constant push.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Line, Panel, Rule, View
from fieldlimit import classical as cl
from fieldlimit.field import Model, VectorField, neural_field, runge_kutta
from fieldlimit.nonlinearities import Logistic

Array = NDArray[np.float64]

PLACES = {"saddle": 0.0, "sink": 0.5, "inhibition": 0.5}  # where the field starts
GAIN = 4.0  # phi_1 = gain/4 = 1
DURATION, STEPS, EVERY = 12.0, 240, 4
TIMES = np.linspace(0.0, DURATION, STEPS // EVERY + 1)
DRAWS = 200  # further networks
DRAWN = 12  # of them shown
TOLERANCE = 0.1  # the error wanted, in the panel of prices


def frame(*, place: str, strength: float, N: int, seed: int) -> dict[str, Array | float]:
    """Trajectories, their distance from the field, and what thm-gronwall promises of it.

    rms: over DRAWS networks of N; linear: to leading order, sigma |v(t)|/sqrt N with
    v' = DF(h(t)) v + 1. price: neurons after which a bound or the prediction is below TOLERANCE.
    """
    limit = _limit(place, strength)
    rng = np.random.default_rng([seed, N])
    means = 2 * rng.binomial(N, 0.5, size=DRAWS + 1) / N - 1
    paths = _paths(limit.push * means, np.full(len(means), PLACES[place]), limit)  # (T, networks)
    distance = np.abs(paths - limit.path[:, None])
    per_root = limit.sigma * cl.growth(limit.one_sided, TIMES)
    lipschitz = limit.sigma * cl.growth(strength - 1.0, TIMES)
    linear = limit.sigma * limit.linear
    rms = np.sqrt(np.mean(distance[:, 1:] ** 2, axis=1))
    return {
        "times": TIMES,
        "field": limit.path,
        "own": paths[:, 0],
        "others": paths[:, 1 : DRAWN + 1].T,
        "error": _positive(distance[:, 0]),
        "rms": _positive(rms),
        "linear": _positive(linear / np.sqrt(N)),
        "lipschitz": _positive(lipschitz / np.sqrt(N)),
        "one_sided": _positive(per_root / np.sqrt(N)),
        "price_lipschitz": _positive((lipschitz / TOLERANCE) ** 2),
        "price_one_sided": _positive((per_root / TOLERANCE) ** 2),
        "price_linear": _positive((linear / TOLERANCE) ** 2),
        "neurons": float(N),
        "mu": limit.one_sided,
        "last_rms": float(rms[-1]),
        "last_bound": float(per_root[-1] / np.sqrt(N)),
        "last_price": float((per_root[-1] / TOLERANCE) ** 2),
        "ratio": float(per_root[-1] / np.sqrt(N) / rms[-1]),
    }


@dataclass(frozen=True, eq=False)
class _Limit:
    """What does not depend on the network."""

    path: Array  # (T,) h
    linear: Array  # (T,) |v|
    push: float  # F_N - F = push * eta
    sigma: float  # sqrt(s_1)
    one_sided: float  # mu
    F: VectorField


@cache
def _limit(place: str, strength: float) -> _Limit:
    if place not in PLACES:
        raise ValueError(f"place is one of {', '.join(PLACES)}, but place = {place!r}")
    J = -strength if place == "inhibition" else strength
    F = neural_field(Model(cl.sign_kernel(J), Logistic(1.0, GAIN)))
    start = np.array([PLACES[place]])
    sigma = float(cl.spread_along(F, start[None])[0])
    push = float(np.sign(J)) * sigma
    bare = _Limit(np.empty(0), np.empty(0), push, sigma, cl.one_sided_constant(F), F)
    path = _paths(np.zeros(1), start, bare)[:, 0]
    # h' = F(h) and v' = DF(h) v + 1 together; a difference of two paths would saturate in the wells
    carried = _path(
        lambda y: np.array([F(y[:1])[0], F.derivative(y[:1])[0, 0] * y[1] + 1.0]),
        np.array([PLACES[place], 0.0]),
    )
    return _Limit(path, np.abs(carried[:, 1]), push, sigma, bare.one_sided, F)


def _paths(pushes: Array, starts: Array, limit: _Limit) -> Array:
    """h' = F(h) + push for each push: (T, networks)."""
    return _path(lambda h: limit.F(h[:, None])[:, 0] + pushes, starts)


def _path(velocity: Callable[[Array], Array], start: Array) -> Array:
    """y' = velocity(y), y(0) = start: at TIMES, (T, n)."""
    return runge_kutta(velocity, start, DURATION / STEPS, STEPS)[::EVERY]


def _positive(values: Array) -> Array:
    """For a logarithmic axis: a gap where the value is 0."""
    return np.where(values > 0, values, np.nan)


_TIME = Axis("time t", unit="τ", domain=(0.0, DURATION))

view = View(
    panels=[
        Panel(
            "The memory h(t)",
            x=_TIME,
            y=Axis("h", domain=(-1.3, 1.3)),
            marks=[
                Line("times", "others", "data", "12 networks", width=0.6),
                Line("times", "field", "limit", "field", width=2.5),
                Line("times", "own", "network", "this network"),
            ],
            aspect=0.9,
        ),
        Panel(
            "Distance from the field",
            x=_TIME,
            y=Axis("|h_N(t) − h(t)|", domain=(1e-4, 1e4), scale="log"),
            marks=[
                Line("times", "lipschitz", "bound", "with Λ − 1", dash=True, width=1.25),
                Line("times", "one_sided", "bound", "one-sided μ"),
                Line("times", "linear", "prediction", "leading order", dash=True),
                Line("times", "rms", "data", "rms of 200 networks"),
                Line("times", "error", "network", "this network", width=1.25),
            ],
            aspect=0.9,
        ),
        Panel(
            "Neurons for an rms error of 0.1",
            x=_TIME,
            y=Axis("neurons N", domain=(1.0, 1e14), scale="log"),
            marks=[
                Line("times", "price_lipschitz", "bound", "with Λ − 1", dash=True, width=1.25),
                Line("times", "price_one_sided", "bound", "one-sided μ"),
                Line("times", "price_linear", "prediction", "leading order", dash=True),
                Rule(y="neurons", role="network", dash=True),
            ],
            aspect=0.9,
        ),
    ],
    controls={
        "place": Control("where"),
        "strength": Control("Λ"),
        "N": Control("neurons N", format=","),
        "seed": Control("draw of the networks"),
    },
    description=(
        "{place}, Λ = {strength}, μ = {mu:.3g}, {N:,} neurons: at t = 12 the root mean square distance of 200 networks is "
        "{last_rms:.2g}, the bound {last_bound:.2g}, that is {ratio:.2g} times as much. "
        "For an error of 0.1 the bound asks for {last_price:.2g} neurons."
    ),
    columns=3,
)
