"""Chapter 14: one network and many of its spike trains, beside many networks with one and the same seed of spikes.

The ring of chapter 1 with a cue at 0 of adjustable strength; what is followed is the angle of its bump.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Line, Panel, View
from fieldlimit.field import Model, VectorField, finite_network, neural_field, project, runge_kutta
from fieldlimit.fixed_points import newton
from fieldlimit.kernels import cosine_ring
from fieldlimit.nonlinearities import Logistic
from fieldlimit.spike_noise import fluctuation_limit, siblings, trials

Array = NDArray[np.float64]

RUNS, SHOWN = 80, 16
TIMES = np.concatenate([np.linspace(0.0, 1.0, 6), np.linspace(1.5, 8.0, 14)])
J0, J1, GAIN = -1.0, 6.0, 4.0


def ring(cue: float) -> Model:
    """w(x, y) = -1 + 6 cos(x - y), phi = 1/(1 + e^(-4 h)), input cue cos x."""
    kernel = cosine_ring(J0, J1)
    wave = project(kernel, lambda x: np.cos(x[:, 0])).coordinates
    return Model(kernel, Logistic(gain=GAIN), cue * wave)


def frame(*, N: int, cue: float, seed: int) -> dict[str, object]:
    """The angle of the bump in 80 runs of one network, in one run of each of 80 networks, and both variances."""
    limit = _limit(cue)
    wiring, spiking, others = np.random.default_rng([seed, N]).spawn(3)
    networks = [finite_network(limit.model, N, rng=wiring) for _ in range(RUNS)]
    one = angles(trials(networks[0], TIMES, RUNS, rng=spiking, h0=limit.h))
    many = angles(siblings(networks, TIMES, rng=others, h0=limit.h, same_spikes=True))
    silent = angles(_rates(networks, limit.h))
    later = slice(1, None)
    return {
        "times": TIMES,
        "one": one[:SHOWN],
        "one_rate": silent[0],
        "many": many[:SHOWN],
        "field": np.zeros(len(TIMES)),
        "later": TIMES[later],
        "one_spread": one.std(axis=0)[later],
        "many_spread": many.std(axis=0)[later],
        "rate_spread": silent.std(axis=0)[later],
        "dynamic": np.sqrt(limit.dynamic / N)[later],
        "quenched": np.sqrt(limit.quenched / N)[later],
        "total": np.sqrt((limit.dynamic + limit.quenched) / N)[later],
        "one_end": float(one[:, -1].std()),
        "many_end": float(many[:, -1].std()),
        "rate_end": float(silent[:, -1].std()),
    }


def angles(Z: Array) -> Array:
    """The angle of the first Fourier mode along each path, followed without jumps of 2 pi: (runs, T)."""
    return np.unwrap(np.arctan2(Z[..., 2], Z[..., 1]), axis=-1)


def _rates(networks: list[VectorField], h: Array) -> Array:
    """Solutions of h' = F_N(h), all networks at once, by Runge and Kutta's steps of at most 1/4: (networks, T, r)."""
    k = np.stack([network.k for network in networks])
    w = np.stack([network.w for network in networks])
    phi, I, N = networks[0].phi, networks[0].I, networks[0].size

    def F(h: Array) -> Array:
        return -h + I + np.einsum("mn,mnr->mr", phi(np.einsum("mnr,mr->mn", k, h)), w) / N

    state = np.tile(h, (len(networks), 1))
    path = [state]
    for length in np.diff(TIMES):
        steps = int(np.ceil(length / 0.25))
        state = runge_kutta(F, state, length / steps, steps)[-1]
        path.append(state)
    return np.stack(path, axis=1)


class _Limit:
    """The bump of the field at the cue, and the variances of its angle times N."""

    def __init__(self, cue: float) -> None:
        self.model = ring(cue)
        F = neural_field(self.model, 256)
        h = 3.0 * project(self.model.kernel, lambda x: np.cos(x[:, 0])).coordinates
        for _ in range(200):
            h = h + F(h) / 2
        self.h = newton(F, h[None])[0] if cue else h
        both = [fluctuation_limit(F, self.h, t) for t in TIMES]
        amplitude = self.h[1]
        self.dynamic = np.array([e.dynamic[2, 2] for e in both]) / amplitude**2
        self.quenched = np.array([e.quenched[2, 2] for e in both]) / amplitude**2


@cache
def _limit(cue: float) -> _Limit:
    return _Limit(cue)


_TICKS = ((-1.5708, "−π/2"), (0, "0"), (1.5708, "π/2"))

view = View(
    panels=[
        Panel(
            f"One network, {SHOWN} seeds of spikes",
            x=Axis("time t", unit="τ", domain=(0, 8)),
            y=Axis("angle of the bump", domain=(-1.6, 1.6), ticks=_TICKS),
            marks=[
                Line("times", "one", "network", "runs", width=1.4),
                Line("times", "one_rate", "neutral", "its rate equations", width=2.5),
                Line("times", "field", "limit", "field", width=2.0),
            ],
            aspect=0.9,
        ),
        Panel(
            f"{SHOWN} networks, one seed of spikes",
            x=Axis("time t", unit="τ", domain=(0, 8)),
            y=Axis("angle of the bump", domain=(-1.6, 1.6), ticks=_TICKS),
            marks=[
                Line("times", "many", "network", "runs", width=1.4),
                Line("times", "field", "limit", "field", width=2.0),
            ],
            aspect=0.9,
        ),
        Panel(
            "Standard deviation of the angle",
            x=Axis("time t", unit="τ", domain=(0.2, 8), scale="log"),
            y=Axis("radians", scale="log"),
            marks=[
                Line("later", "one_spread", "network", "one network, spikes", width=2.2),
                Line("later", "many_spread", "data", "many networks, same spikes", width=2.2),
                Line("later", "rate_spread", "neutral", "many networks, no spikes", width=2.2),
                Line("later", "dynamic", "prediction", "predictions", dash=True, width=1.25),
                Line("later", "quenched", "prediction", dash=True, width=1.25),
                Line("later", "total", "prediction", dash=True, width=1.25),
            ],
            aspect=0.9,
        ),
    ],
    controls={
        "N": Control("neurons N", format=","),
        "cue": Control("strength of the cue"),
        "seed": Control("seed"),
    },
    description=(
        "{N:,} neurons, cue {cue}: after eight time constants the angle has a standard deviation of {one_end:.2f} over the spikes of one "
        "network, of {many_end:.2f} over 80 networks that see the same seed of spikes, and of {rate_end:.2f} over their rate equations."
    ),
    columns=3,
)
