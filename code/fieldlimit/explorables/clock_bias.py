"""Chapter 15: what a clock does to a network that rings, beside the exact simulation."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Dot, Line, Panel, Rule, View
from fieldlimit.field import Model, finite_network, flow, neural_field
from fieldlimit.kernels import population_kernel
from fieldlimit.network import clocked_eigenvalue, simulate, simulate_clocked
from fieldlimit.nonlinearities import Logistic

Array = NDArray[np.float64]

DURATION = 25.0
TIMES = np.linspace(
    0.0, DURATION, 251
)  # all steps in the list divide a tenth or are multiples of it
STEPS = np.geomspace(0.004, 0.4, 41)
START = np.array([0.35, 0.0])


def circuit(damping: float, frequency: float) -> Model:
    """Excitation and inhibition, half the neurons each, at rest at h = 0 where phi = 1/2, phi' = 1.

    DF there has the eigenvalues -damping +- i frequency.
    """
    turn = np.array([[1 - damping, -frequency], [frequency, 1 - damping]])
    J = 2 * turn
    return Model(population_kernel(J, np.full(2, 0.5)), Logistic(gain=4.0), -J.sum(axis=1) / 4)


def frame(*, dt: float, N: int, damping: float) -> dict[str, NDArray | float | str]:
    """The potential of the excitatory neurons: field, exact network, clocked network with step dt."""
    field, exact, clocked = _field(damping), _exact(N, damping), _clocked(dt, N, damping)
    eigenvalue = -damping + 3.0j
    growth = np.array([clocked_eigenvalue(eigenvalue, step).real for step in STEPS])
    now = clocked_eigenvalue(eigenvalue, dt).real
    late = len(TIMES) // 2
    return {
        "times": TIMES,
        "field": field,
        "exact": exact,
        "clocked": clocked,
        "steps": STEPS,
        "growth": growth,
        "first": -damping + _slope(eigenvalue) * STEPS,
        "true": -damping,
        "here": np.array([dt]),
        "here_growth": np.array([now]),
        "now": now,
        "amplitude": float(np.std(exact[late:])),
        "amplitude_clocked": float(np.std(clocked[late:])),
        "verdict": "grows" if now > 0 else "decays",
    }


def _slope(eigenvalue: complex) -> float:
    return float((-eigenvalue * (1 + eigenvalue) / 2).real)


@lru_cache(maxsize=16)
def _field(damping: float) -> Array:
    return flow(neural_field(circuit(damping, 3.0)), START, TIMES)[:, 0]


@lru_cache(maxsize=64)
def _exact(N: int, damping: float) -> Array:
    network = finite_network(
        circuit(damping, 3.0), N, rng=np.random.default_rng(1), locations=_shares(N)
    )
    spikes = simulate(network, DURATION, rng=np.random.default_rng(2), h0=START, at=TIMES)
    return spikes.latent[:, 0]


@lru_cache(maxsize=256)
def _clocked(dt: float, N: int, damping: float) -> Array:
    network = finite_network(
        circuit(damping, 3.0), N, rng=np.random.default_rng(1), locations=_shares(N)
    )
    spikes = simulate_clocked(network, DURATION, rng=np.random.default_rng(2), h0=START, dt=dt)
    return np.interp(TIMES, spikes.latent_times, spikes.latent[:, 0])


def _shares(N: int) -> Array:
    """Half of the neurons in each population: no disorder from the draw."""
    return np.arange(N, dtype=float)[:, None] % 2


view = View(
    panels=[
        Panel(
            "Potential of the excitatory neurons",
            x=Axis("time t", unit="τ", domain=(0, DURATION)),
            y=Axis("potential", domain=(-0.8, 0.8)),
            marks=[
                Line("times", "clocked", "data", "by the clock"),
                Line("times", "exact", "network", "exact"),
                Line("times", "field", "limit", "neural field"),
            ],
            aspect=0.5,
            span=2,
        ),
        Panel(
            "Growth rate of the oscillation",
            x=Axis("step of the clock", unit="τ", scale="log", domain=(0.004, 0.4)),
            y=Axis("real part of the eigenvalue", domain=(-0.6, 1.0)),
            marks=[
                Rule(y=0.0, role="neutral"),
                Rule(y="true", role="limit", label="field"),
                Line("steps", "growth", "prediction", "by the clock"),
                Line("steps", "first", "prediction", "first order", dash=True, width=1.0),
                Dot("here", "here_growth", "data", size=5.5),
            ],
            aspect=0.8,
        ),
    ],
    controls={
        "dt": Control("step of the clock", unit="τ"),
        "N": Control("neurons N", format=","),
        "damping": Control("damping"),
    },
    description=(
        "Damping {damping:g}, steps of {dt:g} τ: by the clock the oscillation {verdict} at the rate {now:.2f}. In the second half "
        "the potential of {N:,} neurons has the deviation {amplitude:.3f}, by the clock {amplitude_clocked:.3f}."
    ),
    columns=3,
)
