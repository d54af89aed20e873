"""The flow of the field and of one network in the same two coordinates of H.

Two models. "two memories": a neuron has two angles and w(x, y) = 2 cos x_1 cos y_1 + 2 cos x_2 cos y_2, so that H = R^2 and
the plane is all of H. "ring": cosine ring, H = R^3; the plane is that of the cosine and sine coordinates. There arrows are drawn
with the third coordinate, the mean potential, held where the field settles; trajectories run in all three and are projected.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Arrow, Axis, Control, Dot, Line, Panel, View
from fieldlimit.field import Model, VectorField, finite_network, neural_field, runge_kutta
from fieldlimit.fixed_points.search import jacobians
from fieldlimit.kernels import cosine_ring, finite_rank_kernel
from fieldlimit.nonlinearities import Logistic
from fieldlimit.spaces import Torus

Array = NDArray[np.float64]

RATE = 4.0  # spikes per tau; with it two memories appear at gain 1
HALF_WIDTH = 2.6  # of the plane
GRID = 8  # arrows along each side
STEP, STEPS = 0.5, 20  # Runge-Kutta steps of the trajectories: t from 0 to 10
NEWTON_STEPS = 7  # before equal iterates are merged, and again after
RELAXATIONS = 30


def two_memories(gain: float) -> Model:
    """k_x = w_x = sqrt2 (cos x_1, cos x_2) on the 2-torus, phi = 4 / (1 + e^(-gain h)): H = R^2."""
    kernel = finite_rank_kernel(Torus(2), _cosines, _cosines, kappa=2.0, omega=2.0)
    return Model(kernel, Logistic(rate=RATE, gain=gain))


def ring(gain: float) -> Model:
    """w(x, y) = -1/2 + 2 cos(x - y) on the circle, phi = 4 / (1 + e^(-gain h)): H = R^3 (mean, cosine, sine)."""
    return Model(cosine_ring(-0.5, 2.0), Logistic(rate=RATE, gain=gain))


MODELS = {"two memories": two_memories, "ring": ring}


def frame(*, model: str, N: int, gain: float, seed: int) -> dict[str, object]:
    """Arrows, trajectories and equilibria of F and of F_N in the plane; distances ||h_N(t) - h(t)|| in H."""
    limit = _limit(model, gain)
    network = finite_network(MODELS[model](gain), N, rng=np.random.default_rng(seed))
    paths = trajectories(network, limit.paths[:, 0])
    arrows = _arrows(network(limit.grid))
    resting, stable = zeros(network, limit.guesses)
    distances = np.linalg.norm(paths - limit.paths, axis=2)
    plane = slice(-2, None)
    return {
        "x": limit.grid[:, -2],
        "y": limit.grid[:, -1],
        "field_u": limit.arrows[:, 0],
        "field_v": limit.arrows[:, 1],
        "network_u": arrows[:, 0],
        "network_v": arrows[:, 1],
        "field_x": limit.paths[:, :, -2],
        "field_y": limit.paths[:, :, -1],
        "network_x": paths[:, :, -2],
        "network_y": paths[:, :, -1],
        "rest_x": limit.stable[:, -2],
        "rest_y": limit.stable[:, -1],
        "circle_x": np.nan_to_num(limit.circle[:, 0]),
        "circle_y": limit.circle[:, 1],
        "saddle_x": limit.unstable[:, -2],
        "saddle_y": limit.unstable[:, -1],
        "network_rest_x": resting[stable, plane][:, 0],
        "network_rest_y": resting[stable, plane][:, 1],
        "network_saddle_x": resting[~stable, plane][:, 0],
        "network_saddle_y": resting[~stable, plane][:, 1],
        "time": STEP * np.arange(1, STEPS + 1),
        "distance": distances[:, 1:],
        "stable": int(stable.sum()),
        "equilibria": len(stable),
        "field_stable": limit.count,
        "network_equilibria": f"{len(stable)} {_noun(len(stable))}",
        "final": float(distances[:, -1].max()),
        "typical": float(np.median(distances[:, -1])),
    }


def trajectories(F: VectorField, starts: Array) -> Array:
    """h at t = 0, STEP, ..., from each start (n, r): (n, STEPS + 1, r), with an error below 5e-3."""
    return runge_kutta(F, starts, STEP, STEPS).swapaxes(0, 1)


def zeros(F: VectorField, guesses: Array) -> tuple[Array, NDArray[np.bool_]]:
    """The zeros of F that Newton's method finds from the guesses (n, r), each once, and which are stable.

    F points inwards on a large sphere, so that its non-degenerate zeros are odd in number (degree): an even
    number means that one was missed, and the search goes on from guesses turned by a little.
    """
    found = _distinct(F, guesses)
    for turn in (0.07, 0.19, 0.31):
        if len(found) % 2:
            break
        c, s = np.cos(turn), np.sin(turn)
        turned = guesses.copy()
        turned[:, -2:] = 0.93 * guesses[:, -2:] @ np.array([[c, s], [-s, c]])
        found = _distinct(F, np.concatenate([found, turned]))
    growth = np.linalg.eigvals(jacobians(F, found)).real
    return found, growth.max(axis=1, initial=-np.inf) < 0


def _distinct(F: VectorField, guesses: Array) -> Array:
    h = _newton(F, guesses)
    h = _newton(F, np.unique(h.round(2), axis=0))  # by now many guesses have met
    found: list[Array] = []
    for candidate in h[np.linalg.norm(F(h), axis=1) < 1e-7]:
        if all(np.linalg.norm(candidate - other) > 1e-3 for other in found):
            found.append(candidate)
    return np.array(found).reshape(-1, guesses.shape[1])


def _newton(F: VectorField, h: Array) -> Array:
    """NEWTON_STEPS steps of Newton's method from each row, none longer than 1/2."""
    for _ in range(NEWTON_STEPS):
        step = np.linalg.solve(jacobians(F, h), F(h)[..., None])[..., 0]
        h = h - step / np.maximum(1.0, 2 * np.linalg.norm(step, axis=1, keepdims=True))
    return h


class _Limit:
    """What does not depend on the network."""

    def __init__(self, model: str, gain: float) -> None:
        F = neural_field(MODELS[model](gain), 1024)
        rank = len(F.I)
        self.paths = trajectories(F, _in_space(_starts(), np.zeros(rank)))
        rest = self.paths[
            0, -1
        ]  # by symmetry the mean coordinate is the same at the end of every trajectory
        for _ in range(RELAXATIONS):
            rest = rest + F(rest)
        side = np.linspace(-HALF_WIDTH, HALF_WIDTH, GRID + 2)[1:-1]
        self.grid = _in_space(np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2), rest)
        self.arrows = _arrows(F(self.grid))
        radius = np.hypot(*rest[-2:])
        if model == "ring" and radius > 1e-3:
            angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
            circle = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
            points = np.concatenate(
                [circle[::3], 0.75 * circle[::6], 0.4 * circle[::8], np.zeros((1, 2))]
            )
            self.guesses = _in_space(points, rest)
            self.circle = np.concatenate([circle, circle[:1]])
            self.stable = self.guesses[:0]
            self.unstable = zeros(F, self.guesses[-1:])[0]
            self.count = "a circle of equilibria"
        else:
            side = np.linspace(-1.9, 1.9, 5)
            self.guesses = _in_space(
                np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2), rest
            )
            self.circle = np.full((1, 2), np.nan)  # a gap: nothing is drawn
            found, stable = zeros(F, self.guesses)
            self.stable, self.unstable = found[stable], found[~stable]
            self.count = f"{stable.sum()} stable {_noun(stable.sum())}"


@cache
def _limit(model: str, gain: float) -> _Limit:
    if model not in MODELS:
        raise ValueError(f"model is one of {', '.join(MODELS)}, but model = {model!r}")
    return _Limit(model, gain)


def _noun(count: int) -> str:
    return "equilibrium" if count == 1 else "equilibria"


def _cosines(x: Array) -> Array:
    return np.sqrt(2) * np.cos(x)


def _starts() -> Array:
    """Six starts far out, none on a symmetry axis, and three near the centre."""
    far, near = np.pi / 3 * np.arange(6) + 0.6, 2 * np.pi / 3 * np.arange(3) + 0.9
    angles, radii = np.concatenate([far, near]), np.repeat([2.3, 0.4], [6, 3])
    return radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _in_space(points: Array, rest: Array) -> Array:
    """States whose last two coordinates are the points (n, 2), the others those of `rest` (r,)."""
    states = np.tile(rest, (len(points), 1))
    states[:, -2:] = points
    return states


def _arrows(velocity: Array) -> Array:
    """The last two coordinates, direction kept, length compressed: proportional to the root of the speed."""
    shown = velocity[:, -2:]
    speed = np.linalg.norm(shown, axis=1, keepdims=True)
    return 0.26 * shown / np.sqrt(np.maximum(speed, 1e-12))


_SIDE = (-HALF_WIDTH, HALF_WIDTH)

view = View(
    panels=[
        Panel(
            "The plane: two coordinates of H",
            x=Axis("first coordinate h_1", domain=_SIDE, ticks=(-2, -1, 0, 1, 2)),
            y=Axis("second coordinate h_2", domain=_SIDE, ticks=(-2, -1, 0, 1, 2)),
            marks=[
                Arrow("x", "y", "field_u", "field_v", "limit"),
                Arrow("x", "y", "network_u", "network_v", "network"),
                Line("field_x", "field_y", "limit", "field", width=2),
                Line("network_x", "network_y", "network", "network, N = {N:,}", width=2),
                Line("circle_x", "circle_y", "limit", width=5),
                Dot("saddle_x", "saddle_y", "limit", size=2.5),
                Dot("network_saddle_x", "network_saddle_y", "network", size=2.5),
                Dot("rest_x", "rest_y", "limit", size=6),
                Dot("network_rest_x", "network_rest_y", "network", size=5),
            ],
            aspect=1.0,
        ),
        Panel(
            "From the same start: distance in H",
            x=Axis("time t", unit="τ", domain=(0.0, STEP * STEPS)),
            y=Axis("‖h_N(t) − h(t)‖", domain=(1e-2, 10), scale="log"),
            marks=[Line("time", "distance", "network", "nine starts", width=2)],
            aspect=1.0,
        ),
    ],
    controls={
        "model": Control("model"),
        "N": Control("neurons N", format=","),
        "gain": Control("gain"),
        "seed": Control("draw of the locations"),
    },
    description=(
        "Model {model}, gain {gain}: the field has {field_stable}. This network of {N:,} neurons has {network_equilibria}, "
        "{stable} stable. From the same start, network and field are {typical:.2g} apart at t = 10 in the median "
        "over nine starts, and {final:.2g} at most."
    ),
    columns=2,
)
