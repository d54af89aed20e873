"""Chapter 3: a network on the ring against its neural field, in time and in N."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Dot, Line, Panel, View
from fieldlimit.field import Model, VectorField, finite_network, flow, neural_field
from fieldlimit.kernels import cosine_ring
from fieldlimit.network import simulate
from fieldlimit.nonlinearities import Logistic
from fieldlimit.spread import leading_spread

J0, J1 = -1.0, 6.0
LEVEL = 0.5  # the constant part of the input: the homogeneous state is h = 0 for every gain
CUE, ANGLE = 0.5, 1.0  # the potentials start at CUE cos(x - ANGLE)
DURATION = 12.0  # in units of tau
TIMES = np.linspace(0.0, DURATION, 49)
EARLY = 4  # the profiles drawn are those at TIMES[EARLY] = 1 and at the end
NODES = 64  # equispaced angles, for the field
STEP = 0.05  # of the spiking network
GRID = np.linspace(-np.pi, np.pi, 49)
SIZES = (30, 100, 300, 1000, 3000)

kernel = cosine_ring(J0, J1)
features = kernel.k((GRID[:, None] + np.pi) % (2 * np.pi) - np.pi)

stops = {
    "N": SIZES,
    "gain": [0.7, 1.2, 1.5, 2.0, 4.0],
    "input": [0.0, 0.05, 0.2, 0.8],
    "seed": range(4),
}
start = {"N": 100, "gain": 4.0, "input": 0.8, "seed": 0}


def coordinates(mean: float, strength: float, angle: float = 0.0) -> NDArray:
    """mean + strength cos(x - angle) as an element of H, (3,)."""
    wave = np.array([np.cos(angle), np.sin(angle)]) * strength / np.sqrt(J1)
    return np.array([mean / np.sqrt(-J0), *wave])


def model(gain: float, strength: float) -> Model:
    """The cosine ring with logistic neurons and the input LEVEL + strength cos x."""
    return Model(kernel, Logistic(gain=gain), coordinates(LEVEL, strength))


def frame(*, N: int, gain: float, input: float, seed: int) -> dict[str, NDArray | float]:
    """Profiles at t = 1 and 12, errors in H over time, and errors at t = 12 over N.

    Rate network: h' = F_N(h) with N neurons; spiking network: the same locations, Poisson spikes,
    Z at every STEP. Prediction: N^(-1/2) times `leading_spread`.
    """
    limit = _limit(gain, input)
    rates = _rates(gain, input, seed)
    i = SIZES.index(N) if N in SIZES else None
    path = _trajectory(_network(N, gain, input, seed)) if i is None else rates[i]
    network = _network(N, gain, input, seed)
    spiking = simulate(
        network,
        DURATION,
        rng=np.random.default_rng([seed, N]),
        h0=coordinates(0.0, CUE, ANGLE),
        dt=STEP,
    )
    Z = spiking.latent[:: len(spiking.latent_times) // (len(TIMES) - 1)]
    errors = np.linalg.norm(path - limit.path, axis=1)
    noisy = np.linalg.norm(Z - limit.path, axis=1)
    ends = np.linalg.norm(rates[:, -1] - limit.path[-1], axis=1)
    return {
        "x": GRID,
        "field_early": features @ limit.path[EARLY],
        "field_late": features @ limit.path[-1],
        "network_early": features @ path[EARLY],
        "network_late": features @ path[-1],
        "times": TIMES[1:],
        "errors": errors[1:],
        "noisy": noisy[1:],
        "predicted": limit.spread[1:] / np.sqrt(N),
        "sizes": np.array(SIZES, dtype=float),
        "ends": ends,
        "here_N": np.array([float(N)]),
        "here": errors[-1:],
        "guide": limit.spread[-1] / np.sqrt(SIZES),
        "last": float(errors[-1]),
        "last_noisy": float(noisy[-1]),
        "last_predicted": float(limit.spread[-1] / np.sqrt(N)),
    }


@dataclass(frozen=True, eq=False)
class _Limit:
    path: NDArray  # (T, 3)
    spread: NDArray  # (T,)


@lru_cache(maxsize=64)
def _limit(gain: float, strength: float) -> _Limit:
    made, h0 = model(gain, strength), coordinates(0.0, CUE, ANGLE)
    return _Limit(
        flow(neural_field(made, NODES), h0, TIMES, rtol=1e-6, atol=1e-8),
        leading_spread(made, h0, TIMES, n=NODES, rtol=1e-4),
    )


def _network(N: int, gain: float, strength: float, seed: int) -> VectorField:
    rng = np.random.default_rng([seed, N, 1])
    return finite_network(model(gain, strength), N, rng=rng)


def _trajectory(network: VectorField) -> NDArray:
    return flow(network, coordinates(0.0, CUE, ANGLE), TIMES, rtol=1e-4, atol=1e-6)


@lru_cache(maxsize=256)
def _rates(gain: float, strength: float, seed: int) -> NDArray:
    """(sizes, T, 3)."""
    return np.stack([_trajectory(_network(N, gain, strength, seed)) for N in SIZES])


_ANGLES = ((-np.pi, "−π"), (0.0, "0"), (np.pi, "π"))
_DISTANCE = Axis("distance in H", scale="log", domain=(4e-3, 5))

view = View(
    panels=[
        Panel(
            "Potentials, early and late",
            x=Axis("angle x", domain=(-np.pi, np.pi), ticks=_ANGLES),
            y=Axis("potential h(x)"),
            marks=[
                Line("x", "field_early", "limit", "field, t = 1", dash=True, width=1.2),
                Line("x", "network_early", "network", "network, t = 1", dash=True, width=1.2),
                Line("x", "field_late", "limit", "field, t = 12"),
                Line("x", "network_late", "network", "network, t = 12"),
            ],
            aspect=0.36,
            span=2,
        ),
        Panel(
            "Distance from the field",
            x=Axis("time t", unit="τ", domain=(0, DURATION)),
            y=_DISTANCE,
            marks=[
                Line("times", "noisy", "data", "spiking", width=1.2),
                Line("times", "errors", "network", "rates"),
                Line("times", "predicted", "prediction", "predicted", dash=True),
            ],
            aspect=0.7,
        ),
        Panel(
            "Distance at t = 12",
            x=Axis("neurons N", scale="log", domain=(20, 4500)),
            y=_DISTANCE,
            marks=[
                Line("sizes", "guide", "prediction", "∝ N^{{−1/2}}", dash=True),
                Dot("sizes", "ends", "network", "rate networks", size=3),
                Dot("here_N", "here", "network", size=5.5),
            ],
            aspect=0.7,
        ),
    ],
    controls={
        "N": Control("neurons N", format=","),
        "gain": Control("gain"),
        "input": Control("tuned input ε"),
        "seed": Control("seed"),
    },
    description=(
        "{N:,} neurons, gain {gain:.1f}, tuned input {input:.2f}: at t = 12 the rate network is "
        "{last:.3f} from the field, the spiking network {last_noisy:.3f}; the prediction to "
        "leading order is {last_predicted:.3f}."
    ),
    columns=2,
)
