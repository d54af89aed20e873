"""The bifurcation diagrams of the field and of one network, in one plot.

Two models. "one memory": a neuron has an angle, k_x = w_x = sqrt2 cos x, H = R: the field has a pitchfork, which no
network has. "two populations": the circuit of the chapter, whose fold every network has, at another gain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Dot, Line, Panel, Rule, View
from fieldlimit.explorables.certified_ball import drawn_network, populations
from fieldlimit.field import Model, VectorField, finite_network, neural_field
from fieldlimit.fixed_points import diagram
from fieldlimit.kernels import finite_rank_kernel
from fieldlimit.nonlinearities import Logistic
from fieldlimit.spaces import circle

Array = NDArray[np.float64]

MODELS = ("one memory", "two populations")
INTERVALS = {"one memory": (0.4, 2.0), "two populations": (1.4, 3.0)}
RATE = {"one memory": 4.0, "two populations": 1.0}
STEP = 0.12


def one_memory(gain: float) -> Model:
    """w(x, y) = 2 cos x cos y on the circle, phi = 4/(1 + e^(-gain h)): H = R, critical gain 1."""
    kernel = finite_rank_kernel(circle(), _cosine, _cosine, kappa=2**0.5, omega=2**0.5)
    return Model(kernel, Logistic(rate=4.0, gain=gain))


def frame(*, model: str, N: int, seed: int) -> dict[str, object]:
    """Coordinate and leading eigenvalue along the zeros of both, against the gain."""
    limit, network = _curves(model, 0, 0), _curves(model, N, seed)
    return {
        **{f"field_{name}": values for name, values in limit.arrays.items()},
        **{f"network_{name}": values for name, values in network.arrays.items()},
        "critical": limit.critical,
        "network_critical": network.text,
        "branches": network.count,
    }


@dataclass(frozen=True, eq=False)
class _Curves:
    arrays: dict[str, Array]
    critical: float  # of the first special point; the interval's end when there is none
    text: str
    count: int


@lru_cache(maxsize=128)
def _curves(model: str, N: int, seed: int) -> _Curves:
    """N = 0: the field."""
    if model not in MODELS:
        raise ValueError(f"model is one of {', '.join(MODELS)}, but model = {model!r}")
    F = _system(model, N, seed)
    rate, interval = RATE[model], INTERVALS[model]

    def family(gain: float) -> VectorField:
        return replace(F, phi=Logistic(rate, gain))

    rng = np.random.default_rng(1)  # of the search's starts
    branches = diagram(family, interval, rng=rng, samples=2, step=STEP, starts=12)
    special = [point for branch in branches for point in branch.special]
    arrays = {
        "gain": _strung([b.parameters for b in branches], 0.0),
        "stable": _strung([_where(b.states[:, 0], b.stable) for b in branches], np.nan),
        "unstable": _strung([_where(b.states[:, 0], ~b.stable) for b in branches], np.nan),
        "leading": _strung([b.leading for b in branches], np.nan),
        "special_gain": np.array([point.parameter for point in special]),
        "special_state": np.array([point.h[0] for point in special]),
    }
    kinds = {"branch": "a branch point", "fold": "a fold"}
    first = special[0] if special else None
    text = "none" if first is None else f"{kinds[first.kind]} at gain {first.parameter:.3f}"
    return _Curves(arrays, special[0].parameter if special else interval[1], text, len(branches))


def _system(model: str, N: int, seed: int) -> VectorField:
    rng = np.random.default_rng(seed)
    if model == "one memory":
        base = one_memory(1.0)
        return finite_network(base, N, rng=rng) if N else neural_field(base, 64)
    base = populations(1.0)
    return drawn_network(base, N, rng) if N else neural_field(base)


def _where(values: Array, shown: NDArray[np.bool_]) -> Array:
    """Gaps elsewhere; a stretch reaches one point into the next, so that the curve is closed."""
    wide = shown.copy()
    wide[1:] |= shown[:-1]
    return np.where(wide, values, np.nan)


def _strung(pieces: list[Array], gap: float) -> Array:
    """One curve after the other, with a gap between."""
    return np.concatenate([part for piece in pieces for part in (piece, [gap])])[:-1]


def _cosine(x: Array) -> Array:
    return np.sqrt(2) * np.cos(x)


view = View(
    panels=[
        Panel(
            "Fixed points against the gain",
            x=Axis("gain", domain=(0.4, 3.0)),
            y=Axis("first coordinate of h", domain=(-2.2, 2.2)),
            marks=[
                Line("field_gain", "field_unstable", "limit", "field, unstable", dash=True),
                Line("field_gain", "field_stable", "limit", "field, stable", width=2.25),
                Line("network_gain", "network_unstable", "network", dash=True),
                Line("network_gain", "network_stable", "network", "network, N = {N:,}", width=2.0),
                Dot("field_special_gain", "field_special_state", "limit", size=4),
                Dot("network_special_gain", "network_special_state", "network", size=4),
            ],
            aspect=0.9,
        ),
        Panel(
            "Their leading eigenvalues",
            x=Axis("gain", domain=(0.4, 3.0)),
            y=Axis("largest real part", unit="1/τ", domain=(-1.1, 1.1)),
            marks=[
                Rule(y=0.0, role="neutral"),
                Line("field_gain", "field_leading", "limit", "field"),
                Line("network_gain", "network_leading", "network", "network"),
            ],
            aspect=0.9,
        ),
    ],
    controls={
        "model": Control("model"),
        "N": Control("neurons N", format=","),
        "seed": Control("draw of the network"),
    },
    description=(
        "Model {model}: the field bifurcates at gain {critical:.3f}. "
        "This network of {N:,} neurons has {branches} curves of fixed points; special points: {network_critical}."
    ),
    columns=2,
)
