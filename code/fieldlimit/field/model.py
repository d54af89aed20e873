"""A model: kernel, nonlinearity, input. From it come the neural field and every finite network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, positive_integer, readonly, shaped
from fieldlimit.kernels import Kernel
from fieldlimit.nonlinearities import Nonlinearity
from fieldlimit.spaces import default_nodes


@dataclass(frozen=True, eq=False)
class Model:
    """kernel (with its space and H = R^r), phi (spikes per tau), and the input I in H, (r,).

    I omitted: no input. A state h in R^r is the function h(x) = <h, k_x>, and so is I.
    """

    kernel: Kernel
    phi: Nonlinearity
    I: Array = None  # type: ignore[assignment]  # (r,)

    def __post_init__(self) -> None:
        rank = self.kernel.rank
        given = np.zeros(rank) if self.I is None else self.I
        object.__setattr__(self, "I", readonly(shaped("I", given, (rank,))))


@dataclass(frozen=True, eq=False)
class Projection:
    """Coordinates (r,) of the nearest state, and the distance to it in L2(rho)."""

    coordinates: Array
    error: float


def project(kernel: Kernel, f: Callable[[Array], Array], n: int | None = None) -> Projection:
    """The h in H least far from f: int (<h, k_x> - f(x))^2 rho(dx) minimal; of those, the shortest.

    f: (m, d) -> (m,). By quadrature with about n nodes. error: that distance, which is the part of
    f that no state of the model can show (0 when f belongs to H).
    """
    n = default_nodes(kernel.space) if n is None else positive_integer("n", n)
    rule = kernel.space.quadrature(n)
    values = shaped("f(x)", f(rule.nodes), (len(rule),))
    root = np.sqrt(rule.weights)
    design = kernel.k(rule.nodes) * root[:, None]
    coordinates = np.linalg.lstsq(design, values * root, rcond=None)[0].astype(float)
    residual = values * root - design @ coordinates
    return Projection(coordinates, float(np.linalg.norm(residual)))
