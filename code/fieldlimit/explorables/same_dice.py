"""Chapter 4: a spiking network and its limit neurons on the same Poisson measures."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Line, Panel, Raster, View
from fieldlimit import classical as cl
from fieldlimit.field import Model, VectorField, finite_network, neural_field, project
from fieldlimit.kernels import cosine_ring
from fieldlimit.nonlinearities import Logistic

DURATION = 8.0  # in units of tau
TIMES = np.linspace(0.0, DURATION, 81)
SHOWN = 16  # neurons in the raster, at most
NODES = 96  # of the quadrature; the rates are analytic on the circle, the error is below 1e-10
HELD = 0.4  # input HELD cos x
CUE = 0.6  # both start at CUE cos x
RING = cosine_ring(J0=-0.5, J1=2.0)
WATCHED = np.pi / 4  # the neuron next to this angle shows its potential: on the bump's slope


def frame(*, N: int, gain: float, seed: int) -> dict[str, NDArray | float]:
    """Spikes common and not, one neuron's potential, ||Z_t - h_t|| and the share of trains that differ.

    Raster: at most SHOWN neurons, drawn at random, in the order of their angles.
    """
    model, field, start, copies = _limit(gain)
    wiring, spiking, choice = np.random.default_rng(seed).spawn(3)
    network = finite_network(model, N, rng=wiring)
    measure = cl.poisson_measure(N, DURATION, 1.0, rng=spiking)
    run = cl.coupled(network, field, measure, times=TIMES, h0=start)
    angles = network.locations[:, 0]
    shown = choice.permutation(N)[:SHOWN]
    row = np.full(N, np.nan)
    row[shown[np.argsort(angles[shown])]] = np.arange(1.0, len(shown) + 1)
    first = np.full(N, np.inf)  # when a neuron's trains part
    np.minimum.at(first, measure.neurons[run.differing], measure.times[run.differing])
    watched = int(np.abs(angles - WATCHED).argmin())
    strength, noise = cl.coupling_strength(model), cl.a_priori_copy_error(model)
    differing = (first[:, None] <= TIMES).mean(axis=0)
    promised = cl.disagreement(
        N, TIMES, strength=strength, noise=noise, slope=model.kernel.kappa * model.phi.sup(1)
    )
    rasters = {
        "both": run.network & run.limit,
        "network": run.network & ~run.limit,
        "limit": run.limit & ~run.network,
    }
    content: dict[str, NDArray | float] = {}
    for name, kept in rasters.items():
        times, rows = measure.times[kept], row[measure.neurons[kept]]
        seen = np.isfinite(rows)
        content[f"{name}_times"], content[f"{name}_rows"] = times[seen], rows[seen]
    spikes = int((run.network | run.limit).sum())
    return content | {
        "times": TIMES,
        "potential": run.latent @ network.k[watched],
        "field_potential": run.field @ network.k[watched],
        "error": run.error,
        "copies": copies.root / np.sqrt(N),
        "along": cl.coupling_bound_along(N, copies, strength=strength),
        "a_priori": cl.coupling_bound(N, TIMES, strength=strength, noise=noise),
        "differing": differing,
        "promised": np.minimum(promised, 1.0),
        "strength": strength,
        "common": 100 * float((run.network & run.limit).sum()) / max(spikes, 1),
        "last_error": float(run.error[-1]),
        "last_along": float(cl.coupling_bound_along(N, copies, strength=strength)[-1]),
        "share": 100 * float(differing[-1]),
        "rows": len(shown),
    }


def circuit(gain: float) -> tuple[Model, NDArray]:
    """The held ring with phi = 1/(1 + e^{-gain h}), so Lambda = 5 gain/8, and the start (r,)."""
    cosine = project(RING, lambda x: np.cos(x[:, 0])).coordinates
    return Model(RING, Logistic(rate=1.0, gain=gain), I=HELD * cosine), CUE * cosine


@cache
def _limit(gain: float) -> tuple[Model, VectorField, NDArray, cl.CopyError]:
    """What does not depend on the network: model, field, start, and zeta_t."""
    model, start = circuit(gain)
    copies = cl.copy_error(model, start, TIMES, n=NODES, rtol=1e-6)
    return model, neural_field(model, NODES), start, copies


_TIME = Axis("time t", unit="τ", domain=(0.0, DURATION))

view = View(
    panels=[
        Panel(
            "Spikes of {rows} neurons, from the same points",
            x=_TIME,
            y=Axis("neuron, by angle", domain=(0.0, SHOWN + 1.0), ticks=()),
            marks=[
                Raster("both_times", "both_rows", "neutral", "of both", size=9.0),
                Raster("network_times", "network_rows", "network", "network only", size=13.0),
                Raster("limit_times", "limit_rows", "limit", "limit neuron only", size=13.0),
            ],
            aspect=0.28,
            span=3,
        ),
        Panel(
            "Potential of one neuron",
            x=_TIME,
            y=Axis("potential"),
            marks=[
                Line("times", "field_potential", "limit", "in the field"),
                Line("times", "potential", "network", "in the network", width=1.25),
            ],
            aspect=0.8,
        ),
        Panel(
            "Distance in H",
            x=_TIME,
            y=Axis("‖Z_t − h_t‖", domain=(3e-3, 30.0), scale="log"),
            marks=[
                Line("times", "a_priori", "bound", "a priori", dash=True, width=1.25),
                Line("times", "along", "bound", "along h"),
                Line("times", "copies", "prediction", "independent copies", dash=True),
                Line("times", "error", "network", "this network", width=1.25),
            ],
            aspect=0.8,
        ),
        Panel(
            "Neurons whose spikes differ by t",
            x=_TIME,
            y=Axis("share of the neurons", domain=(0.0, 1.0)),
            marks=[
                Line("times", "promised", "bound", "bound", dash=True, width=1.25),
                Line("times", "differing", "network", "this network"),
            ],
            aspect=0.8,
        ),
    ],
    controls={
        "N": Control("neurons N", format=","),
        "gain": Control("gain"),
        "seed": Control("draw of locations and points"),
    },
    description=(
        "{N:,} neurons, gain {gain}, so Λ = {strength:.3g}: {common:.3g} % of all spikes are spikes of both. "
        "At t = 8 the states are {last_error:.2g} apart, the bound along the trajectory is {last_along:.3g}, "
        "and {share:.3g} % of the neurons have at least one spike that differs."
    ),
    columns=3,
)
