"""The derivative of a network's vector field: its deviation in two norms, and the guarantees for the operator norm.

As in chapter 7 the neurons choose among about five hundred places spread evenly over the d-torus, a finite similarity
space on which every constant is an exact sum. The kernel has 25 modes with the same eigenvalues in every dimension and
top eigenvalue 1. Distances are in units of sqrt(v_op/N), the least root mean square that D_op could have.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Bar, Control, Line, Panel, Rule, Text, View
from fieldlimit.field import Model
from fieldlimit.kernels import power_law, table_kernel, torus_kernel
from fieldlimit.nonlinearities import Logistic
from fieldlimit.operator_norm import (
    OperatorFluctuation,
    intrinsic_bernstein_deviation,
    operator_fluctuation,
    operator_guarantees,
)

Array = NDArray[np.float64]

PAIRS = 12  # Fourier modes besides the constant: 25 coordinates, a derivative has 625
PLACES = 512
DRAWS = 240
DELTA = 0.05
SPAN = (0.7, 12.0)
BOUNDS = ("hilbert-schmidt", "bernstein", "schatten", "textbook")
TALL = 4.0
LEVELS = np.concatenate([np.linspace(1.0, 0.1, 28), np.geomspace(0.1, 1 / DRAWS, 17)[1:]])


@dataclass(frozen=True, eq=False)
class Places:
    """A model on finitely many places, its derivative's fluctuation at each, and the constants."""

    model: Model
    h: Array  # (r,)
    fluctuations: NDArray[np.float32]  # (places, r^2)
    constants: OperatorFluctuation


@lru_cache(maxsize=64)
def on_places(d: int, decay: float) -> Places:
    """torus_kernel in dimension d with rho uniform on the nodes of a quadrature, at a state with potentials below 1."""
    kernel = torus_kernel(power_law(PAIRS, decay), d)
    rule = kernel.space.quadrature(PLACES)
    k, w = kernel.k(rule.nodes), kernel.w(rule.nodes)  # (places, r)
    model = Model(table_kernel(k, w), Logistic(gain=4.0))
    h = np.full(kernel.rank, kernel.rank**-0.5) / kernel.kappa  # potentials at most 1
    Y = (model.phi.derivative(k @ h, 1)[:, None] * w)[:, :, None] * k[:, None, :]
    Y = Y.reshape(len(k), -1)
    fluctuations = (Y - Y.mean(axis=0)).astype(np.float32)
    return Places(model, h, fluctuations, operator_fluctuation(model, h))


@lru_cache(maxsize=512)
def sampled(N: int, d: int, decay: float) -> tuple[Array, Array]:
    """D_HS and D_op of DRAWS networks: a network is the number of neurons at each place."""
    xi = on_places(d, decay).fluctuations
    rng = np.random.default_rng(N)
    counts = rng.multinomial(N, np.full(len(xi), 1 / len(xi)), size=DRAWS).astype(np.float32)
    r = 2 * PAIRS + 1
    A = (counts @ xi).reshape(DRAWS, r, r).astype(float) / N
    top = np.linalg.eigvalsh(A @ A.transpose(0, 2, 1))[:, -1]
    return np.linalg.norm(A, axis=(1, 2)), np.sqrt(top)


def frame(*, N: int, d: int, decay: float) -> dict[str, object]:
    """P(D > t) for both norms, and every guarantee for D_op at the level 5 %."""
    f = on_places(d, decay).constants
    hs, op = sampled(N, d, decay)
    bounds = dict(operator_guarantees(f, N, DELTA))
    bounds["textbook"] = intrinsic_bernstein_deviation(
        N, DELTA, trace=f.hs.trace, variance=f.variance, sup_op=f.sup_op
    )
    every = np.array([bounds[name] for name in BOUNDS])
    unit = np.sqrt(f.variance / N)
    q, q_hs = (float(np.quantile(D, 1 - DELTA)) for D in (op, hs))
    best = int(np.argmin(every))
    return {
        "op_t": np.quantile(op, 1 - LEVELS) / unit,
        "hs_t": np.quantile(hs, 1 - LEVELS) / unit,
        "probability": LEVELS,
        **{
            f"at_{name.replace('-', '_')}": min(float(bounds[name] / unit), SPAN[1])
            for name in BOUNDS
        },
        "position": np.arange(len(BOUNDS)),
        "tightness": np.minimum(every / q, TALL),
        "price": q_hs / q,
        "quantile": q,
        "directions": f.hs.trace / f.variance,
        "best": BOUNDS[best],
        "best_bound": float(every[best]),
        "best_tightness": float(every[best] / q),
        "level": DELTA,
    }


_HEIGHTS = {"hilbert-schmidt": 0.7, "bernstein": 0.4, "schatten": 0.22, "textbook": 0.12}

view = View(
    panels=[
        Panel(
            "How often the deviation exceeds t, for N = {N:,}",
            x=Axis(
                "t, in units of √(v/N)",
                domain=SPAN,
                scale="log",
                ticks=((1.0, "1"), (2.0, "2"), (4.0, "4"), (8.0, "8")),
            ),
            y=Axis(
                "probability",
                domain=(1 / DRAWS, 1.0),
                scale="log",
                ticks=((1.0, "1"), (0.1, "0.1"), (0.01, "0.01")),
            ),
            marks=[
                Rule(y="level", role="neutral", label="level 5 %", dash=True),
                *(
                    Rule(
                        x=f"at_{name.replace('-', '_')}",
                        role="bound",
                        label="guarantees for the operator norm" if name == BOUNDS[0] else "",
                    )
                    for name in BOUNDS
                ),
                *(
                    Text(
                        x=f"at_{name.replace('-', '_')}",
                        y=_HEIGHTS[name],
                        text=f" {name} ",
                        role="bound",
                        anchor="start" if name == "textbook" else "end",
                    )
                    for name in BOUNDS
                ),
                Line("hs_t", "probability", "data", "Hilbert–Schmidt norm", dash=True),
                Line("op_t", "probability", "data", "operator norm"),
            ],
        ),
        Panel(
            "Guarantee over measured quantile of the operator norm",
            x=Axis(
                "",
                domain=(-0.6, 3.6),
                ticks=tuple(enumerate(("HS", "Bernstein", "Schatten", "textbook"))),
            ),
            y=Axis("ratio (1 is perfect)", domain=(0.0, TALL)),
            marks=[
                Bar("position", "tightness", "bound", "guarantee / quantile"),
                Rule(y="price", role="data", label="quantile of the HS norm", dash=True),
                Rule(y=1.0, role="data", label="the quantile itself"),
            ],
        ),
    ],
    controls={
        "N": Control("neurons N", format=","),
        "d": Control("dimension d"),
        "decay": Control("spectral decay"),
    },
    description=(
        "N = {N:,} neurons in dimension {d}, eigenvalues like j to the power −{decay}. In 95 % of networks the operator norm is below "
        "{quantile:.3g}; the Hilbert–Schmidt norm is {price:.2f} times as large. The best guarantee, {best}, says {best_bound:.3g}, "
        "{best_tightness:.2f} times the truth. Intrinsic dimension: twice {directions:.3g}."
    ),
    columns=2,
)
