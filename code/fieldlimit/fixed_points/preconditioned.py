"""The field seen through an operator: B F_N is again a mean of independent vectors, B w_x phi."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import Array
from fieldlimit.concentration import space_derivative_bound
from fieldlimit.field import Model
from fieldlimit.kernels import DerivedKernel, FourierBasis, Kernel, SpectralKernel
from fieldlimit.nonlinearities import Nonlinearity
from fieldlimit.spaces import FiniteSpace


def feature_kernel(kernel: Kernel, B: Array, omega: float) -> DerivedKernel:
    """k_x and B w_x with B (r, r): the features of <k_x, B w_y>. omega >= sup ||B w_x||."""
    return DerivedKernel(kernel, lambda k, w: (k, w @ B.T), kernel.kappa, omega)


def preconditioned(model: Model, B: Array) -> Model:
    """The model whose summands are B w_x phi(h(x)): chapter 7 for it is the law of B F_N.

    Its input is I, not B I: only differences F_N - F and derivatives are asked of it.
    """
    seen = feature_kernel(model.kernel, B, projective_sup(model.kernel, B))
    return Model(seen, model.phi, model.I)


@dataclass(frozen=True)
class Linear:
    """phi(s) = s, which makes k_x (x) k_x the derivative of a contribution."""

    smoothness = math.inf
    bounded = False

    def __call__(self, h: ArrayLike) -> Array:
        """s."""
        return np.asarray(h, dtype=float)

    def derivative(self, h: ArrayLike, m: int) -> Array:
        """1 for m = 1, 0 beyond."""
        h = np.asarray(h, dtype=float)
        return h if m == 0 else np.full_like(h, float(m == 1))

    def sup(self, m: int, radius: float = math.inf) -> float:
        """radius, 1, 0, 0, ..."""
        return radius if m == 0 else float(m == 1)


def receptive_model(kernel: Kernel) -> Model:
    """The model of which D(F_N + Id) = Kop_N at every state."""
    phi: Nonlinearity = Linear()
    return Model(DerivedKernel(kernel, lambda k, _: (k, k), kernel.kappa, kernel.kappa), phi)


def projective_sup(kernel: Kernel, B: Array) -> float:
    """A proven upper bound of sup_x ||B w_x||: the least of those that the kernel admits.

    Exact on a finite space. ||B|| omega always. For Fourier modes (B w_x is a trigonometric
    polynomial in x): the sum of the moduli of the Fourier coefficients of ||B w_x||^2 in every
    dimension; in dimension 1 to 3 its largest value on a grid plus what its second derivative
    allows between the nodes.
    """
    if isinstance(kernel.space, FiniteSpace):
        nodes = kernel.space.quadrature(1).nodes
        return _longest(kernel.w(nodes) @ B.T)
    bounds: list[Callable[[], float]] = [lambda: float(np.linalg.norm(B, 2)) * kernel.omega]
    if isinstance(kernel, SpectralKernel) and type(kernel.basis) is FourierBasis:
        bounds.append(lambda: _coefficient_bound(kernel, B))
        if kernel.space.dimension <= 3:
            bounds.append(lambda: _grid_bound(kernel, B))
    return min(bound() for bound in bounds) * (1.0 + 1e-12)  # rounding


def _coefficient_bound(kernel: SpectralKernel, B: Array) -> float:
    """sum |c_f| for ||B w_x||^2 = sum c_f e^(i <f, x>)."""
    positive = kernel.basis.frequencies  # type: ignore[attr-defined]  # (p, d)
    modes = np.concatenate([0 * positive[:1], positive, -positive])  # (1 + 2p, d)
    p = len(positive)
    C = np.zeros((kernel.rank, 1 + 2 * p), dtype=complex)  # e_n(x) = sum_m C_nm e^(i <f_m, x>)
    C[0, 0] = 1.0
    pair, root = np.arange(p), np.sqrt(0.5)
    C[1 + 2 * pair, 1 + pair] = C[1 + 2 * pair, 1 + p + pair] = root
    C[2 + 2 * pair, 1 + pair], C[2 + 2 * pair, 1 + p + pair] = -1j * root, 1j * root
    C = B @ kernel.V @ (np.sqrt(kernel.singular_values)[:, None] * C)
    gram = (C.conj().T @ C).ravel()  # coefficient of e^(i <f_n - f_m, x>)
    apart = (modes[None, :] - modes[:, None]).reshape(len(gram), -1)
    which = np.unique(np.rint(apart), axis=0, return_inverse=True)[1].ravel()
    coefficients = np.bincount(which, gram.real) + 1j * np.bincount(which, gram.imag)
    return float(np.sqrt(np.abs(coefficients).sum()))


def _grid_bound(kernel: SpectralKernel, B: Array) -> float:
    """f = ||B w_x||^2 at its maximum exceeds a node at distance e by at most e^2 sup |f''| / 2."""
    d = kernel.space.dimension
    nodes = kernel.space.quadrature({1: 4096, 2: 96**2, 3: 24**3}[d]).nodes
    spacing = 2 * math.pi / round(len(nodes) ** (1 / d))
    first, second = (space_derivative_bound(kernel, q) for q in (1, 2))
    bend = 2 * float(np.linalg.norm(B, 2)) ** 2 * (first**2 + kernel.kappa * second)
    return math.sqrt(_longest(kernel.w(nodes) @ B.T) ** 2 + d * spacing**2 / 8 * bend)


def _longest(rows: Array) -> float:
    return float(np.sqrt((rows**2).sum(axis=1).max()))
