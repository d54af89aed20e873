"""Chapter 14: the cloud of states around a fixed point, and the ellipse that Lyapunov's equation draws.

Neurons on a ring, held by a weak cue; the first (rank - 1)/2 Fourier modes. The plane shows the first pair of coordinates of
H: along the cue the height of the bump changes, across it its place.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Dot, Line, Panel, View
from fieldlimit.field import Model, VectorField, finite_network, neural_field, project
from fieldlimit.fixed_points import newton
from fieldlimit.kernels import power_law, torus_kernel
from fieldlimit.nonlinearities import Logistic
from fieldlimit.spike_noise import (
    dissipation_rate,
    fluctuation_limit,
    spike_mean_square,
    trials,
)

Array = NDArray[np.float64]

CUE, SCALE = 0.1, 1.2
RUNS, DURATION = 200, 5.0
TIMES = np.linspace(0.0, DURATION, 11)
FINE = np.linspace(0.0, DURATION, 41)
LEVEL = 0.95
ANGLES = np.linspace(0.0, 2 * np.pi, 73)


def held_ring(gain: float, rank: int) -> Model:
    """Eigenvalues -1 of the constant and SCALE m^(-3/2) of the frequencies m <= (rank - 1)/2; a cue at 0."""
    eigenvalues = np.concatenate([[-1.0], power_law((rank - 3) // 2, 1.5, SCALE)])
    kernel = torus_kernel(eigenvalues, 1)
    cue = project(kernel, lambda x: CUE * np.cos(x[:, 0])).coordinates
    return Model(kernel, Logistic(gain=gain), cue)


def frame(*, N: int, gain: float, rank: int) -> dict[str, object]:
    """200 runs of one network from its fixed point: where they are after 5 time constants, and how they spread."""
    limit = _field_zero(gain, rank)
    network = finite_network(
        held_ring(gain, rank), N, rng=np.random.default_rng([N, 0])
    )  # the same neurons at each rank
    h = settled(network, limit)
    Z = trials(network, TIMES, RUNS, rng=np.random.default_rng([1, N]), h0=h)
    square = np.sum((Z - h) ** 2, axis=2).mean(axis=0)
    covariances = np.array([fluctuation_limit(network, h, t).dynamic for t in FINE])
    predicted = np.trace(covariances, axis1=1, axis2=2)
    plane = slice(1, 3)
    covariance = covariances[-1, plane, plane] / N
    circle = ellipse(covariance)
    inside = _inside(Z[:, -1, plane] - h[plane], covariance)
    alpha = dissipation_rate(network)
    late = TIMES >= DURATION / 2
    return {
        "cloud_x": Z[:, -1, 1],
        "cloud_y": Z[:, -1, 2],
        "ellipse_x": h[1] + circle[:, 0],
        "ellipse_y": h[2] + circle[:, 1],
        "zero_x": h[1:2],
        "zero_y": h[2:3],
        "field_x": limit[1:2],
        "field_y": limit[2:3],
        "times": TIMES[1:],
        "measured": N * square[1:],
        "fine": FINE[1:],
        "predicted": predicted[1:],
        "guaranteed": _guarantee(network, alpha),
        "alpha": alpha,
        "trace": float(predicted[-1]),
        "ratio": float(N * np.mean(square[late] / np.interp(TIMES[late], FINE, predicted))),
        "inside": float(inside.mean()),
    }


def ellipse(covariance: Array) -> Array:
    """The boundary (angles, 2) of the region that holds LEVEL of a centred Gaussian in the plane."""
    values, vectors = np.linalg.eigh(covariance)
    radii = np.sqrt(-2 * np.log(1 - LEVEL) * np.maximum(values, 0.0))
    return (radii * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)) @ vectors.T


def _inside(points: Array, covariance: Array) -> NDArray[np.bool_]:
    squares = np.einsum("ni,ni->n", points, np.linalg.solve(covariance, points.T).T)
    return squares <= -2 * np.log(1 - LEVEL)


def _guarantee(network: VectorField, alpha: float) -> Array:
    """N times the bound of thm-spike-stationary at the times FINE but 0; a gap where F_N is not dissipative."""
    if alpha <= 0:
        return np.full(len(FINE) - 1, np.nan)
    return network.size * np.array([spike_mean_square(network, t, alpha=alpha) for t in FINE[1:]])


@cache
def _field_zero(gain: float, rank: int) -> Array:
    model = held_ring(gain, rank)
    return settled(neural_field(model, 256), model.I)


def settled(F: VectorField, h: Array) -> Array:
    """The stable zero to which the state h (r,) relaxes: Euler's steps of 1/2, then Newton's."""
    for _ in range(300):
        h = h + F(h) / 2
    return newton(F, h[None])[0]


view = View(
    panels=[
        Panel(
            "States of {N:,} neurons after 5 time constants",
            x=Axis("along the cue", domain=(-0.9, 0.9)),
            y=Axis("across the cue", domain=(-0.9, 0.9)),
            marks=[
                Dot("cloud_x", "cloud_y", "data", "200 runs", size=2.0),
                Line("ellipse_x", "ellipse_y", "prediction", "95 % of the linear noise", width=2.0),
                Dot("zero_x", "zero_y", "network", "fixed point of the network", size=5),
                Dot("field_x", "field_y", "limit", "of the field", size=4),
            ],
            aspect=1.0,
        ),
        Panel(
            "N times the mean square distance from it",
            x=Axis("time t", unit="τ", domain=(0, DURATION)),
            y=Axis("N E‖Z_t − h‖²", domain=(0.1, 30), scale="log"),
            marks=[
                Line("fine", "guaranteed", "bound", "guarantee"),
                Line("fine", "predicted", "prediction", "linear noise, tr P_N(t)"),
                Dot("times", "measured", "data", "200 runs", size=3.5),
            ],
            aspect=1.0,
        ),
    ],
    controls={
        "N": Control("neurons N", format=","),
        "gain": Control("gain"),
        "rank": Control("rank r"),
    },
    description=(
        "{N:,} neurons, gain {gain}, rank {rank}: the mean square distance from the fixed point is {ratio:.2f} times what "
        "linear noise predicts, which is {trace:.2f}/N at the end; {inside:.0%} of the states lie in the ellipse of 95 %. "
        "The rate of dissipation is {alpha:.2f}."
    ),
    columns=2,
)
