"""The distribution of D = ||F_N(h) - F(h)|| against every guarantee for it, and the Gaussian prediction.

The neurons choose, independently, among about five hundred places spread evenly over the d-torus: a finite similarity
space, so that every constant of every guarantee is an exact sum, and a network is no more than the numbers of neurons
at the places. The kernel has 41 modes with the same eigenvalues in every dimension and nuclear norm 1: the decay shares
a fixed total among few directions or many.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Bar, Control, Line, Panel, Rule, Text, View
from fieldlimit.concentration import (
    Fluctuation,
    chi_square_tail,
    fluctuation,
    guarantees,
)
from fieldlimit.field import Model
from fieldlimit.kernels import power_law, table_kernel, torus_kernel
from fieldlimit.nonlinearities import Logistic

Array = NDArray[np.float64]

PAIRS = 20  # Fourier modes besides the constant: one for each axis when d = 20
PLACES = 512
DRAWS = 400  # networks: a probability of 5 % is measured to +-1 %
SPAN = (
    0.2,
    9.0,
)  # of the axis sqrt(N) D: all guarantees are below 4, and right of them stand their names
BOUNDS = {  # as the library names them, and as the text does
    "cubic": "cubic",
    "cantelli": "Cantelli",
    "concentration": "concentration",
    "pinelis": "Pinelis",
    "mcdiarmid": "McDiarmid",
}
TALL = 6.0  # of the axis of tightness
LEVELS = np.concatenate([np.linspace(1.0, 0.1, 28), np.geomspace(0.1, 1 / DRAWS, 21)[1:]])


@dataclass(frozen=True, eq=False)
class Places:
    """A model on finitely many places, and what each place contributes to the vector field at h."""

    model: Model
    h: Array  # (r,)
    contributions: Array  # (places, r)  Y = phi(h(x)) w_x
    constants: Fluctuation


def on_places(eigenvalues: Array, d: int) -> Places:
    """torus_kernel(eigenvalues, d) with rho uniform on the nodes of the torus's quadrature, at a state of norm 1."""
    kernel = torus_kernel(eigenvalues, d)
    rule = kernel.space.quadrature(PLACES)
    k, w = kernel.k(rule.nodes), kernel.w(rule.nodes)  # (places, r)
    model = Model(table_kernel(k, w), Logistic(gain=4.0))
    h = np.full(kernel.rank, kernel.rank**-0.5)
    contributions = model.phi(k @ h)[:, None] * w
    return Places(model, h, contributions, fluctuation(model, h))


def sampled(places: Places, sizes: tuple[int, ...], draws: int, seed: int) -> Array:
    """D of `draws` networks at each size; (sizes, draws). A larger network extends the smaller ones."""
    rng = np.random.default_rng(seed)
    total = len(places.contributions)
    fluctuations = places.contributions - places.contributions.mean(axis=0)
    counts = np.zeros((draws, total), dtype=np.float32)
    rows = np.arange(draws, dtype=np.int32)[:, None] * total
    result, before = [], 0
    for N in sizes:
        chosen = rows + rng.integers(total, size=(draws, N - before), dtype=np.int32)
        counts += np.bincount(chosen.ravel(), minlength=counts.size).reshape(counts.shape)
        result.append(np.linalg.norm(counts @ fluctuations.astype(np.float32), axis=1) / N)
        before = N
    return np.array(result, dtype=float)


def frame(*, N: int, d: int, decay: float, delta: float) -> dict[str, object]:
    """P(sqrt N D > t): measured, predicted; and sqrt N times every guarantee at level delta."""
    constants = _places(d, decay).constants
    deviations = _deviations(N, d, decay)
    bounds = guarantees(constants, N, delta)
    measured = float(np.quantile(deviations, 1 - delta))
    root = np.sqrt(N)
    every = np.array([bounds[name] for name in BOUNDS])
    order = np.argsort(every, kind="stable")
    best, names = int(order[0]), list(BOUNDS.values())
    heights = _heights(delta)
    return {
        "measured_t": root * np.quantile(deviations, 1 - LEVELS),
        "measured_p": LEVELS,
        "predicted_t": _TIMES,
        "predicted_p": _prediction(d, decay),
        "lines_t": np.repeat(root * every[order, None], 2, axis=1),
        "lines_p": np.stack([np.full(len(order), _LEAST), heights], axis=1),
        **{f"t_{i}": float(root * every[j]) for i, j in enumerate(order)},
        **{f"p_{i}": float(height) for i, height in enumerate(heights)},
        **{f"name_{i}": names[j] for i, j in enumerate(order)},
        "position": np.arange(len(BOUNDS)),
        "tightness": np.minimum(every / measured, TALL),
        "quantile": measured,
        "rms": float(np.sqrt(constants.trace / N)),
        "best": names[best],
        "best_bound": float(every[best]),
        "best_tightness": float(every[best] / measured),
        "directions": float(constants.trace / constants.top),
        "confidence": 1 - delta,
        "level": delta,
    }


@lru_cache(maxsize=64)
def _places(d: int, decay: float) -> Places:
    eigenvalues = power_law(PAIRS, decay)
    return on_places(eigenvalues / (2 * eigenvalues.sum() - eigenvalues[0]), d)


@lru_cache(maxsize=512)
def _deviations(N: int, d: int, decay: float) -> Array:
    return sampled(_places(d, decay), (N,), DRAWS, seed=N)[0]


@lru_cache(maxsize=64)
def _prediction(d: int, decay: float) -> Array:
    """P(sqrt Q > t) at _TIMES; NaN where it is too small to be drawn."""
    tail = chi_square_tail(_TIMES**2, eigenvalues=_places(d, decay).constants.eigenvalues)
    return np.where(tail < _LEAST, np.nan, tail)


def _heights(delta: float) -> Array:
    """Where the guarantees' lines end and their names stand, from the left: none at the level delta.

    Each line ends below the one before, so that no name, to the right of its line's end, meets another line.
    """
    heights = _TOP * _STEP ** np.arange(len(BOUNDS) + 1)
    free = np.abs(np.log(heights / delta)) > _CLEAR
    return heights[free][: len(BOUNDS)]


_LEAST = 5e-4
_TIMES = np.geomspace(SPAN[0], 2.5, 91)
_TOP, _STEP = (
    0.8,
    0.58,
)  # of the guarantees' names: a line of text at the size in which the panel is drawn
_CLEAR = 0.27  # half a line

view = View(
    panels=[
        Panel(
            "How often √N · D exceeds t, for N = {N:,}",
            x=Axis(
                "t",
                domain=SPAN,
                scale="log",
                ticks=(
                    (0.25, "0.25"),
                    (0.5, "0.5"),
                    (1.0, "1"),
                    (2.0, "2"),
                    (4.0, "4"),
                    (8.0, "8"),
                ),
            ),
            y=Axis(
                "probability",
                domain=(_LEAST, 1.0),
                scale="log",
                ticks=((1.0, "1"), (0.1, "0.1"), (0.01, "0.01"), (0.001, "0.001")),
            ),
            marks=[
                Rule(y="level", role="neutral", label="level δ = {delta}", dash=True),
                Line("lines_t", "lines_p", "bound", "guarantees", width=1.5),
                *(Text(f"t_{i}", f"p_{i}", f"{{name_{i}}}", "bound") for i in range(len(BOUNDS))),
                Line("predicted_t", "predicted_p", "prediction", "Gaussian prediction", dash=True),
                Line("measured_t", "measured_p", "data", "400 networks"),
            ],
        ),
        Panel(
            "Guarantee over measured quantile, at level δ",
            x=Axis(
                "",
                domain=(-0.5, 4.5),
                ticks=tuple(enumerate(BOUNDS.values())),
            ),
            y=Axis("ratio (1 is perfect)", domain=(0.0, TALL)),
            marks=[
                Bar("position", "tightness", "bound", "guarantee / quantile"),
                Rule(y=1.0, role="data", label="the quantile itself"),
            ],
        ),
    ],
    controls={
        "N": Control("neurons N", format=","),
        "d": Control("dimension d"),
        "decay": Control("spectral decay"),
        "delta": Control("level δ"),
    },
    description=(
        "N = {N:,} neurons in dimension {d}, eigenvalues like j^{{−{decay}}}. The root mean square of D is {rms:.3g}; "
        "in {confidence:.1%} of networks D is below {quantile:.3g}. The best guarantee, {best}, says {best_bound:.3g}, "
        "{best_tightness:.2f} times as much. The variance is shared by about {directions:.2g} directions."
    ),
    columns=2,
)
