"""Chapter 1: a spiking network on the ring at work, beside the neural field that it follows."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Dot, Line, Panel, Raster, View
from fieldlimit.field import Model, finite_network, flow, neural_field, project
from fieldlimit.kernels import (
    Kernel,
    cosine_ring,
    mexican_hat,
    shifted_ring,
    torus_kernel,
)
from fieldlimit.network import simulate
from fieldlimit.nonlinearities import Logistic

DURATION = 10.0  # in units of tau
STEP = 0.05  # of the record of Z
SHOWN = 48  # neurons in the raster, at most
GRID = np.linspace(-np.pi, np.pi, 73)[:, None]  # the last angle is the first one again
TIMES = np.linspace(0.0, DURATION, 41)
BINS = np.linspace(0.0, DURATION, 21)

CIRCUITS: dict[str, Kernel] = {
    "held ring": cosine_ring(J0=-1.0, J1=6.0),
    "free ring": cosine_ring(J0=-1.0, J1=6.0),
    "shifted ring": shifted_ring(J0=-1.0, J1=6.0, shift=0.3),
    "Mexican hat": mexican_hat(0.5, 1.0, 36.0, 24.0, rank=15),
    "uniform coupling": torus_kernel(np.array([-1.0]), dimension=1),
}
HELD = 0.4  # the held ring has the input HELD cos x, the others have none
CUE = 0.8  # the potentials start at CUE cos x, those of the Mexican hat at CUE cos 2x


def frame(*, N: int, circuit: str, gain: float, seed: int) -> dict[str, NDArray | float]:
    """Spikes, final potentials and population rate of N neurons, with the field's.

    Raster: at most SHOWN neurons, drawn at random from all. Potentials: theirs at the end, on the
    curve x -> Z(x) of the whole network. Rate: spikes of ALL neurons per neuron and tau in bins of
    tau/2. error: max_x |Z(x) - h(x)| over the circle at the end.
    """
    model, start = _model(circuit, gain)
    wiring, spiking, choice = np.random.default_rng(seed).spawn(3)
    network = finite_network(model, N, rng=wiring)
    spikes = simulate(network, DURATION, rng=spiking, h0=start, dt=STEP)
    shown = np.sort(choice.permutation(N)[:SHOWN])
    row = np.full(N, np.nan)  # the angle of a neuron that is shown
    row[shown] = network.locations[shown, 0]
    field = _field(circuit, gain)
    end = spikes.latent[-1]
    curve = model.kernel.k(_wrapped(GRID)) @ end
    times, angles = _raster(spikes.times, row[spikes.neurons])
    counts = np.histogram(spikes.times, BINS)[0]
    return {
        "spike_times": times,
        "spike_angles": angles,
        "peak_times": field["peak_times"],
        "peak_angles": field["peak_angles"],
        "angles": GRID[:, 0],
        "profile": field["profile"],
        "curve": curve,
        "shown_angles": row[shown],
        "shown_potentials": network.potentials(end)[shown],
        "bins": (BINS[1:] + BINS[:-1]) / 2,
        "rate": counts / (N * (BINS[1] - BINS[0])),
        "times": TIMES,
        "field_rate": field["rate"],
        "error": float(np.abs(curve - field["profile"]).max()),
        "mean_rate": len(spikes.times) / (N * DURATION),
        "field_mean_rate": float(np.trapezoid(field["rate"], TIMES) / DURATION),
        "rows": len(shown),
    }


view = View(
    panels=[
        Panel(
            "Spikes of {rows} neurons",
            x=Axis("time t", unit="τ", domain=(0, DURATION)),
            y=Axis(
                "angle of the neuron",
                domain=(-np.pi, np.pi),
                ticks=((-np.pi, "−π"), (0.0, "0"), (np.pi, "π")),
            ),
            marks=[
                Raster("spike_times", "spike_angles", "data", "spike", size=6.0),
                Dot("peak_times", "peak_angles", "limit", "peak of the field", size=1.6),
            ],
            aspect=0.4,
            span=2,
        ),
        Panel(
            "Potentials at the end, t = 10 τ",
            x=Axis(
                "angle x",
                domain=(-np.pi, np.pi),
                ticks=((-np.pi, "−π"), (0.0, "0"), (np.pi, "π")),
            ),
            y=Axis("potential"),
            marks=[
                Line("angles", "profile", "limit", "neural field"),
                Line("angles", "curve", "network", width=0.8),
                Dot("shown_angles", "shown_potentials", "network", "neurons of the network"),
            ],
            aspect=0.72,
        ),
        Panel(
            "Activity of the whole population",
            x=Axis("time t", unit="τ", domain=(0, DURATION)),
            y=Axis("spikes per neuron and τ", domain=(0, None)),
            marks=[
                Line("times", "field_rate", "limit", "neural field"),
                Line("bins", "rate", "network", "network, N = {N:,}"),
            ],
            aspect=0.72,
        ),
    ],
    controls={
        "N": Control("neurons N", format=","),
        "circuit": Control("circuit"),
        "gain": Control("gain"),
        "seed": Control("seed"),
    },
    description=(
        "{N:,} neurons, {circuit}, gain {gain}: after ten time constants the potentials differ from the "
        "neural field by at most {error:.2f} anywhere on the ring; a neuron has fired {mean_rate:.3f} times "
        "per time constant, against {field_mean_rate:.3f} in the field."
    ),
    columns=2,
)


@lru_cache(maxsize=64)
def _model(circuit: str, gain: float) -> tuple[Model, NDArray]:
    """The circuit with its input, and the state in which the cue has left it."""
    if circuit not in CIRCUITS:
        raise ValueError(f"circuit is one of {', '.join(CIRCUITS)}, but circuit = {circuit!r}")
    kernel = CIRCUITS[circuit]
    waves = 2 if circuit == "Mexican hat" else 1
    wave = project(kernel, lambda x: np.cos(waves * x[:, 0]), 64).coordinates
    strength = HELD if circuit == "held ring" else 0.0
    return Model(kernel, Logistic(rate=1.0, gain=gain), strength * wave), CUE * wave


@lru_cache(maxsize=64)
def _field(circuit: str, gain: float) -> dict[str, NDArray]:
    """The neural field's share of a frame; it depends neither on N nor on the seed."""
    model, start = _model(circuit, gain)
    F = neural_field(model, 96)
    path = flow(F, start, TIMES, rtol=1e-6, atol=1e-8)
    profiles = path @ model.kernel.k(_wrapped(GRID)).T  # (times, angles)
    times, angles = _peaks(profiles[:, :-1])
    return {
        "profile": profiles[-1],
        "rate": F.phi(F.potentials(path)) @ F.weights,
        "peak_times": times,
        "peak_angles": angles,
    }


def _peaks(profiles: NDArray) -> tuple[NDArray, NDArray]:
    """Times and angles of the local maxima over the circle of the profiles that are not flat.

    profiles: (times, angles). Each maximum is that of the parabola through three neighbours.
    """
    before, after = np.roll(profiles, 1, axis=1), np.roll(profiles, -1, axis=1)
    hilly = np.ptp(profiles, axis=1, keepdims=True) > 0.1
    highest = (profiles > before) & (profiles >= after) & hilly
    when, where = np.nonzero(highest)
    left, top, right = before[highest], profiles[highest], after[highest]
    offset = (left - right) / (2 * (left - 2 * top + right))
    spacing = GRID[1, 0] - GRID[0, 0]
    angles = GRID[where, 0] + spacing * offset
    return TIMES[when], (angles + np.pi) % (2 * np.pi) - np.pi


def _raster(times: NDArray, angles: NDArray) -> tuple[NDArray, NDArray]:
    """The spikes of the neurons shown, row after row, times to a hundredth of tau (finer than a pixel)."""
    kept = ~np.isnan(angles)
    times, angles = np.round(times[kept], 2), angles[kept]
    order = np.lexsort((times, angles))
    return times[order], angles[order]


def _wrapped(angles: NDArray) -> NDArray:
    """Angles in [-pi, pi): the space does not contain pi, which is -pi."""
    return np.where(angles >= np.pi, angles - 2 * np.pi, angles)
