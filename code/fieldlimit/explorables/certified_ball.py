"""Phase portrait of two populations, with the certified ball around each fixed point.

An excitatory population (4/5 of the neurons) and an inhibitory one (1/5): H = R^2, and a network of N neurons is no more
than the fraction of its neurons that are excitatory. So every constant of the theorem is an exact sum.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Arrow, Axis, Control, Dot, Line, Panel, Rule, View
from fieldlimit.field import Model, VectorField, neural_field
from fieldlimit.fixed_points import (
    FixedPointConstants,
    FixedPoints,
    fixed_point_certificate,
    fixed_point_constants,
    fixed_points,
)
from fieldlimit.kernels import population_kernel
from fieldlimit.nonlinearities import Logistic

Array = NDArray[np.float64]

J = np.array([[4.0, -4.0], [2.0, -1.0]])
FRACTIONS = np.array([0.8, 0.2])
INPUT = np.array([-1.2, -1.0])
DELTA = 0.05
DRAWS = 60  # further networks, whose zeros surround the field's
SIDE, GRID = (-2.0, 2.4), 9
SIZES = np.unique(np.geomspace(10, 1e7, 49).round().astype(int))
ANGLES = np.linspace(0.0, 2 * np.pi, 49)
TALL = 3.0  # of the axis of radii


def populations(gain: float) -> Model:
    """Excitation and inhibition, phi = 1/(1 + e^(-gain h)), spikes per tau."""
    return Model(population_kernel(J, FRACTIONS), Logistic(gain=gain), INPUT)


def drawn_network(model: Model, N: int, rng: np.random.Generator) -> VectorField:
    """A network of N neurons, those of one population gathered into one term: any N at the same cost."""
    return replace(neural_field(model), weights=rng.multinomial(N, FRACTIONS) / N, quadrature=None)


def frame(*, N: int, gain: float, seed: int) -> dict[str, object]:
    """Both flows, the zeros of both, and what thm-fixed-point promises at each zero of the field."""
    limit = _limit(gain)
    rng = np.random.default_rng([seed, N])
    network = drawn_network(limit.model, N, rng)
    weights = rng.multinomial(N, FRACTIONS, size=DRAWS) / N
    zeros = _zeros(network.weights[None], limit.model, limit.guesses)
    clouds = _zeros(weights, limit.model, limit.points)
    certificates = [fixed_point_certificate(c, N, DELTA) for c in limit.constants]
    radii = np.array([c.radius for c in certificates])
    unique = np.array([min(c.uniqueness, TALL) for c in certificates])
    certified = np.isfinite(radii)
    inner, outer = (_circles(limit.points[certified], r[certified]) for r in (radii, unique))
    arrows = _arrows(network(limit.grid))
    return {
        "x": limit.grid[:, 0],
        "y": limit.grid[:, 1],
        "field_u": limit.arrows[:, 0],
        "field_v": limit.arrows[:, 1],
        "network_u": arrows[:, 0],
        "network_v": arrows[:, 1],
        "zero_x": limit.points[:, 0],
        "zero_y": limit.points[:, 1],
        "network_x": zeros[:, 0],
        "network_y": zeros[:, 1],
        "cloud_x": clouds[:, 0],
        "cloud_y": clouds[:, 1],
        "inner_x": inner[..., 0],
        "inner_y": inner[..., 1],
        "outer_x": outer[..., 0],
        "outer_y": outer[..., 1],
        "neurons": float(N),
        "sizes": SIZES.astype(float),
        "radius": limit.radii,
        "uniqueness": limit.unique,
        "zeros": len(limit.points),
        "zeros_network": len(zeros),
        "certified": int(certified.sum()),
        "leading": float(limit.leading),
        "first_radius": "none" if not certified.any() else f"{radii[certified].min():.2g}",
    }


@dataclass(frozen=True, eq=False)
class _Limit:
    """What does not depend on the network."""

    model: Model
    points: Array  # (m, 2)
    guesses: Array
    constants: tuple[FixedPointConstants, ...]
    grid: Array
    arrows: Array
    radii: Array  # (m, sizes)
    unique: Array  # (m, sizes)
    leading: float  # the eigenvalue nearest to the imaginary axis, over the zeros


@cache
def _limit(gain: float) -> _Limit:
    model = populations(gain)
    F = neural_field(model)
    found: FixedPoints = fixed_points(F, rng=np.random.default_rng(1))
    points = np.array([point.h for point in found.points])
    constants = tuple(fixed_point_constants(model, h) for h in points)
    every = [[fixed_point_certificate(c, int(n), DELTA) for n in SIZES] for c in constants]
    radii = np.array([[c.radius if c.holds else np.nan for c in row] for row in every])
    unique = np.array(
        [[min(c.uniqueness, TALL) if c.holds else np.nan for c in row] for row in every]
    )
    side = np.linspace(*SIDE, GRID + 2)[1:-1]
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    coarse = np.stack(np.meshgrid(side[::2], side[::2]), axis=-1).reshape(-1, 2)
    nearest = min((p.eigenvalues[0].real for p in found.points), key=abs)
    return _Limit(
        model, points, np.concatenate([points, coarse]), constants, grid, _arrows(F(grid)), radii, unique, nearest
    )  # fmt: skip


def _zeros(weights: Array, model: Model, starts: Array) -> Array:
    """Newton's method for every network (m, 2) from every start (s, 2), all at once: the distinct zeros found."""
    h = np.tile(starts, (len(weights), 1))
    p = np.repeat(weights, len(starts), axis=0)
    owner = np.repeat(np.arange(len(weights)), len(starts))
    for _ in range(14):
        value = -h + INPUT + (p * model.phi(h)) @ J.T
        A = J * (p * model.phi.derivative(h, 1))[:, None, :] - np.eye(2)
        determinant = A[:, 0, 0] * A[:, 1, 1] - A[:, 0, 1] * A[:, 1, 0]
        determinant = np.where(np.abs(determinant) < 1e-9, 1e-9, determinant)
        adjugate = np.stack([A[:, 1, 1], -A[:, 0, 1], -A[:, 1, 0], A[:, 0, 0]], axis=1).reshape(
            -1, 2, 2
        )
        step = np.einsum("nij,nj->ni", adjugate, value) / determinant[:, None]
        h = h - step / np.maximum(1.0, np.linalg.norm(step, axis=1, keepdims=True))
    good = np.linalg.norm(-h + INPUT + (p * model.phi(h)) @ J.T, axis=1) < 1e-8
    rounded = np.unique(np.column_stack([owner[good], h[good].round(4)]), axis=0)
    return rounded[:, 1:]


def _circles(centres: Array, radii: Array) -> Array:
    """(m, angles, 2); where m = 0, one curve of gaps."""
    if not len(centres):
        return np.full((1, len(ANGLES), 2), np.nan)
    round_ = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
    return centres[:, None, :] + radii[:, None, None] * round_


def _arrows(velocity: Array) -> Array:
    """Direction kept, length proportional to the root of the speed."""
    speed = np.linalg.norm(velocity, axis=1, keepdims=True)
    return 0.2 * velocity / np.sqrt(np.maximum(speed, 1e-12))


view = View(
    panels=[
        Panel(
            "The plane of the two potentials",
            x=Axis("excitatory potential", domain=SIDE, ticks=(-2, -1, 0, 1, 2)),
            y=Axis("inhibitory potential", domain=SIDE, ticks=(-2, -1, 0, 1, 2)),
            marks=[
                Arrow("x", "y", "field_u", "field_v", "limit"),
                Arrow("x", "y", "network_u", "network_v", "network"),
                Line("outer_x", "outer_y", "bound", "no other zero inside", dash=True, width=1.25),
                Line("inner_x", "inner_y", "bound", "a zero inside", width=2.0),
                Dot("cloud_x", "cloud_y", "data", "zeros of 60 networks", size=1.5),
                Dot("zero_x", "zero_y", "limit", "zeros of the field", size=5),
                Dot("network_x", "network_y", "network", "zeros of this network", size=3),
            ],
            aspect=1.0,
        ),
        Panel(
            "What is certified, fixed point by fixed point",
            x=Axis("neurons N", domain=(10, 1e7), scale="log"),
            y=Axis("radius", domain=(1e-3, TALL), scale="log"),
            marks=[
                Line("sizes", "uniqueness", "bound", "no other zero within", dash=True, width=1.25),
                Line("sizes", "radius", "bound", "a zero within", width=2.0),
                Rule(x="neurons", role="network", dash=True),
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
        "Gain {gain}: the field has {zeros} fixed points; the leading eigenvalue nearest to zero is {leading:.2f}. "
        "This network of {N:,} neurons has {zeros_network}. At level 5 %, {certified} of the field's {zeros} are certified; "
        "the least certified radius is {first_radius}."
    ),
    columns=2,
)
