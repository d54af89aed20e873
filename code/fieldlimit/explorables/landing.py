"""Front page: a bump emerges in a ring of spiking neurons, and in its neural field."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Dot, Line, Panel, View
from fieldlimit.field import Model, finite_network, flow, neural_field, project
from fieldlimit.kernels import cosine_ring
from fieldlimit.network import simulate
from fieldlimit.nonlinearities import Logistic

SIZES = (10, 40, 160, 640, 2560)  # the networks of the second panel, each four times the last
AVERAGED = 24  # networks of each size that the second panel averages: seeds 0, 1, ...
DURATION = 8.0  # in units of tau
STEP = 1 / 16  # of the record of Z
SHOWN = 60  # neurons drawn, at most
GRID = np.linspace(-np.pi, np.pi, 73)[:, None]
FEATURES_AT = np.where(GRID >= np.pi, GRID - 2 * np.pi, GRID)  # pi is the angle -pi

KERNEL = cosine_ring(J0=-1.0, J1=6.0)
MODEL = Model(
    KERNEL,
    Logistic(rate=1.0, gain=3.0),
    I=project(KERNEL, lambda x: np.cos(x[:, 0]), 64).coordinates,
)
K = KERNEL.k(FEATURES_AT)  # (73, 3), from states to potentials around the ring


def frame(*, N: int, t: float, seed: int) -> dict[str, NDArray | float]:
    """Potentials of N spiking neurons at time t, the field's profile, and the gap for every N.

    Both start silent, at potential 0, and have the input cos x. The gap at a time s is max_x
    |Z_s(x) - h(s, x)| over the ring; `gap_here` is its average over 0 < s <= t, `gap` the one at t.
    `gaps`: averages of gap_here over AVERAGED networks of each size, whatever the seed. The seed
    draws locations and spikes afresh.
    """
    if not STEP <= t <= DURATION:
        raise ValueError(f"t lies in [{STEP:g}, {DURATION:g}], but t = {t}")
    now = round(t / STEP)
    profiles = _field()  # (steps + 1, angles)
    locations, curves = _network(N, seed)
    distances = _distances(N, seed)[1 : now + 1]
    gaps = _average_gaps()[:, now - 1]
    level = float(np.exp(np.mean(np.log(gaps) + np.log(SIZES) / 2)))  # of the line of slope -1/2
    return {
        "angles": GRID[:, 0],
        "profile": profiles[now],
        "shown": locations,
        "potentials": np.interp(locations, GRID[:, 0], curves[now]),
        "sizes": np.array(SIZES, dtype=float),
        "gaps": gaps,
        "slope": level / np.sqrt(SIZES),
        "here": np.array([float(N)]),
        "gap_here": np.array([distances.mean()]),
        "gap": float(distances[-1]),
        "height": float(profiles[now].max()),
    }


view = View(
    panels=[
        Panel(
            "The ring at t = {t:g} τ",
            x=Axis(
                "preferred direction of the neuron",
                domain=(-np.pi, np.pi),
                ticks=((-np.pi, "−π"), (0.0, "0"), (np.pi, "π")),
            ),
            y=Axis("potential"),
            marks=[
                Line("angles", "profile", "limit", "neural field"),
                Dot("shown", "potentials", "network", "neurons"),
            ],
            aspect=0.72,
        ),
        Panel(
            "Gap to the field, averaged up to now",
            x=Axis("number of neurons N", scale="log", ticks=(10, 100, 1000)),
            y=Axis("largest gap around the ring", scale="log"),
            marks=[
                Line("sizes", "slope", "neutral", "∝ N^{{−1/2}}", dash=True),
                Dot("sizes", "gaps", "network", f"mean of {AVERAGED} networks", size=2.5),
                Dot("here", "gap_here", "network", "this network", size=6.0),
            ],
            aspect=0.72,
        ),
    ],
    controls={
        "N": Control("neurons N", format=","),
        "t": Control("time t", unit="τ"),
        "seed": Control("seed"),
    },
    description=(
        "At time {t:g} τ the field has a bump of height {height:.2f}; the {N:,} spiking neurons of this network are "
        "within {gap:.2f} of it all around the ring."
    ),
)


@lru_cache(maxsize=1)
def _field() -> NDArray:
    """Profiles of the neural field at all steps, (steps + 1, angles)."""
    times = np.linspace(0.0, DURATION, round(DURATION / STEP) + 1)
    return flow(neural_field(MODEL, 64), np.zeros(3), times, rtol=1e-6, atol=1e-8) @ K.T


@lru_cache(maxsize=256)
def _network(N: int, seed: int) -> tuple[NDArray, NDArray]:
    """Angles of the neurons shown, and the function Z_t around the ring, (steps + 1, angles)."""
    wiring, spiking = np.random.default_rng(seed).spawn(2)
    network = finite_network(MODEL, N, rng=wiring)
    nobody = np.array([], dtype=np.int64)
    spikes = simulate(network, DURATION, rng=spiking, h0=np.zeros(3), dt=STEP, record=nobody)
    return np.sort(network.locations[:SHOWN, 0]), spikes.latent @ K.T


@lru_cache(maxsize=1)
def _average_gaps() -> NDArray:
    """The gap averaged over time and over AVERAGED networks, (sizes, steps)."""
    gaps = [np.mean([_distances(n, seed)[1:] for seed in range(AVERAGED)], axis=0) for n in SIZES]
    return np.cumsum(gaps, axis=1) / np.arange(1, len(gaps[0]) + 1)


def _distances(N: int, seed: int) -> NDArray:
    """The gap at all steps."""
    return np.abs(_network(N, seed)[1] - _field()).max(axis=1)
