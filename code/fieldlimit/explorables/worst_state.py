"""One network on a ring: the state at which it is farthest from the field, in balls of all radii.

The neurons choose among 256 places spread evenly over the circle, a finite similarity space on which every constant is
an exact sum. The kernel has 25 modes and nuclear norm 1, so that |h(x)| <= ||h||; the centre of the balls is h0 = 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Bar, Control, Line, Panel, Rule, View
from fieldlimit.field import Model, VectorField, neural_field
from fieldlimit.kernels import power_law, table_kernel, torus_kernel
from fieldlimit.nonlinearities import Logistic
from fieldlimit.uniform import ball, uniform_guarantees, worst_state

Array = NDArray[np.float64]

PAIRS, PLACES, BINS = 12, 256, 32
RADII = np.array([0.03, 0.06, 0.1, 0.2, 0.3, 0.6, 1.0, 2.0, 3.0, 6.0, 10.0, 20.0, 30.0])
TYPICAL = 300  # random states for each radius
DELTA = 0.05


@dataclass(frozen=True, eq=False)
class Field:
    """A model on finitely many places, its field, and the guarantees' constants in all balls."""

    model: Model
    places: VectorField
    features: Array  # (places, r)


@dataclass(frozen=True, eq=False)
class Search:
    """One network: the worst state found in each ball, deviations there and at random states."""

    shares: Array  # (places,) of the neurons, times the number of places
    worst: Array  # (radii, r)
    largest: Array  # (radii,)
    quantiles: Array  # (2, radii): median and 95 % of random states at that distance
    typical: Array  # (r,) a direction
    promised: Array  # (radii,) the least guarantee


@lru_cache(maxsize=8)
def on_places(decay: float) -> Field:
    """torus_kernel on the circle, rho uniform on 256 places."""
    values = power_law(PAIRS, decay)
    kernel = torus_kernel(values / (values[0] + 2.0 * values[1:].sum()), 1)
    k = kernel.k(kernel.space.quadrature(PLACES).nodes)
    model = Model(table_kernel(k, k), Logistic(gain=4.0))
    return Field(model, neural_field(model), k)


@lru_cache(maxsize=64)
def searched(N: int, decay: float) -> Search:
    """Ascent in every ball from random states; the worst of the smaller balls is kept while no worse is found."""
    field = on_places(decay)
    rng = np.random.default_rng(N)
    counts = rng.multinomial(N, np.full(PLACES, 1 / PLACES))
    network = replace(field.places, weights=counts / N, quadrature=None)
    zero = np.zeros(field.features.shape[1])
    u = rng.standard_normal((TYPICAL, len(zero)))
    u /= np.linalg.norm(u, axis=1)[:, None]
    worst: list[Array] = []
    largest: list[float] = []
    quantiles, promised = [], []
    for R in RADII:
        found = worst_state(network, field.places, zero, R, rng=rng, starts=12, steps=40)
        better = not largest or found.deviation > largest[-1]
        worst.append(found.h if better else worst[-1])
        largest.append(found.deviation if better else largest[-1])
        D = np.linalg.norm(network(R * u) - field.places(R * u), axis=1)
        quantiles.append(np.quantile(D, [0.5, 0.95]))
        promised.append(min(uniform_guarantees(ball(field.model, zero, R), N, DELTA).values()))
    return Search(
        counts * PLACES / N,
        np.array(worst),
        np.array(largest),
        np.array(quantiles).T,
        u[0],
        np.array(promised),
    )


def frame(*, N: int, R: float, decay: float) -> dict[str, object]:
    """The worst state of the ball of radius R as a function on the ring, and deviations by radius."""
    field, found = on_places(decay), searched(N, decay)
    i = int(np.argmin(np.abs(np.log(RADII / R))))
    x = 360.0 * np.arange(PLACES) / PLACES
    surplus = 100.0 * (found.shares.reshape(BINS, -1).mean(axis=1) - 1.0)
    return {
        "x": x[::2],
        "worst": (field.features @ found.worst[i])[::2],
        "typical": (field.features @ (R * found.typical))[::2],
        "bins": 360.0 * (np.arange(BINS) + 0.5) / BINS,
        "surplus": surplus,
        "radii": RADII,
        "largest": found.largest,
        "median": found.quantiles[0],
        "upper": found.quantiles[1],
        "promised": found.promised,
        "R": float(R),
        "D": float(found.largest[i]),
        "ordinary": float(found.quantiles[0][i]),
        "bound": float(found.promised[i]),
        "factor": float(found.promised[i] / found.largest[i]),
        "gap": float(found.largest[i] / found.quantiles[0][i]),
    }


view = View(
    panels=[
        Panel(
            "Two states at distance R: potentials h(x)",
            x=Axis(
                "place x",
                unit="degrees",
                domain=(0.0, 360.0),
                ticks=(0.0, 90.0, 180.0, 270.0, 360.0),
            ),
            y=Axis("h(x)", domain="frame"),
            marks=[
                Line("x", "typical", "data", "a typical state", dash=True),
                Line("x", "worst", "network", "the worst found"),
            ],
        ),
        Panel(
            "Where the network has more neurons than its share",
            x=Axis(
                "place x",
                unit="degrees",
                domain=(0.0, 360.0),
                ticks=(0.0, 90.0, 180.0, 270.0, 360.0),
            ),
            y=Axis("surplus", unit="%", domain="frame"),
            marks=[Bar("bins", "surplus", "network", "surplus of neurons")],
        ),
        Panel(
            "Deviation between network and field, N = {N:,}",
            x=Axis(
                "radius R",
                domain=(0.03, 30.0),
                scale="log",
                ticks=((0.1, "0.1"), (1.0, "1"), (10.0, "10")),
            ),
            y=Axis(
                "deviation",
                domain=(0.001, 3.0),
                scale="log",
                ticks=((0.001, "0.001"), (0.01, "0.01"), (0.1, "0.1"), (1.0, "1")),
            ),
            marks=[
                Rule(x="R", role="neutral", dash=True),
                Line("radii", "promised", "bound", "guarantee for the whole ball"),
                Line("radii", "largest", "network", "worst state found"),
                Line("radii", "upper", "data", "95 % of random states"),
                Line("radii", "median", "data", "typical state", dash=True),
            ],
            span=2,
            aspect=0.34,
        ),
    ],
    controls={
        "N": Control("neurons N", format=","),
        "R": Control("radius R"),
        "decay": Control("spectral decay"),
    },
    description=(
        "N = {N:,} neurons, eigenvalues like j to the power −{decay}. In the ball of radius {R} the worst state found has deviation {D:.3g}, "
        "{gap:.3g} times that of a typical state, {ordinary:.3g}. The guarantee for all states of the ball is {bound:.3g}, {factor:.3g} times the worst found."
    ),
    columns=2,
)
