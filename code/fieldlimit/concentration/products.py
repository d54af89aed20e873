"""Inner products of one neuron's contributions Y_x = phi^(m)(h(x)) w_x (x) k_x^(x)m at given nodes.

<Y_x, Y_y> = phi^(m)(h(x)) phi^(m)(h(y)) <w_x, w_y> <k_x, k_y>^m needs no tensor; where the tensors
are small (m = 0 above all) their coordinates are the cheaper way to the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.field import Model
from fieldlimit.nonlinearities import Nonlinearity

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Products:
    """Y and xi = Y - EY at n nodes whose weights make up the law."""

    norms_Y: Floats  # (n,)  ||Y||
    mean: float  # ||EY||
    rows: Callable[[slice], Floats]  # rows of the matrix <xi_i, xi_j>, (b, n)
    eigenvalues: Floats  # of Sigma, decreasing, (min(n, r^(1+m)),)


def rates(phi: Nonlinearity, k: Floats, h: Floats, m: int) -> Floats:
    """phi^(m)(h(x)) at the nodes whose receptive features are the rows of k (n, r); (n,)."""
    potentials = k @ h
    return phi(potentials) if m == 0 else phi.derivative(potentials, m)


def tensors(k: Floats, w: Floats, m: int) -> Floats:
    """Coordinates of w (x) k^(x)m, last axis flattened: (..., r), (..., r) -> (..., r^(1+m))."""
    product = w
    for _ in range(m):
        product = product[..., :, None] * k[..., None, :]
        product = product.reshape(*product.shape[:-2], -1)
    return product


def products(model: Model, h: Floats, m: int, nodes: Floats, weights: Floats) -> Products:
    """Inner products at nodes (n, d) with weights (n,), by the cheaper of the two routes."""
    k, w = model.kernel.k(nodes), model.kernel.w(nodes)  # (n, r) each
    scale = rates(model.phi, k, h, m)[:, None]
    if w.shape[1] ** (1 + m) <= max(len(w), w.shape[1]):
        return _from_coordinates(scale * tensors(k, w, m), weights)
    gram = (scale @ scale.T) * (w @ w.T) * (k @ k.T) ** m
    return _from_gram(gram, weights)


def _from_coordinates(Y: Floats, weights: Floats) -> Products:
    """Y (n, p) with p <= n or so: Sigma as a p x p matrix."""
    mean = weights @ Y
    xi = Y - mean
    covariance = xi.T @ (weights[:, None] * xi)
    return Products(
        norms_Y=np.linalg.norm(Y, axis=1),
        mean=float(np.linalg.norm(mean)),
        rows=lambda block: xi[block] @ xi.T,
        eigenvalues=_eigenvalues(covariance),
    )


def _from_gram(gram: Floats, weights: Floats) -> Products:
    """gram (n, n) of Y: Sigma shares its non-zero eigenvalues with the weighted centred matrix."""
    inner = gram @ weights  # <Y_i, EY>
    square = float(weights @ inner)  # ||EY||^2
    norms_Y = np.sqrt(np.diag(gram))
    centred = gram - inner[:, None] - inner[None, :] + square
    root = np.sqrt(weights)
    return Products(
        norms_Y=norms_Y,
        mean=float(np.sqrt(max(square, 0.0))),
        rows=lambda block: centred[block],
        eigenvalues=_eigenvalues(root[:, None] * centred * root[None, :]),
    )


def _eigenvalues(matrix: Floats) -> Floats:
    """Decreasing; what rounding made negative is 0, since Sigma is positive."""
    return np.maximum(np.linalg.eigvalsh(matrix)[::-1], 0.0)
