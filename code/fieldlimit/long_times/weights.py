"""Weighted norms ||h||_P = <h, P h>^(1/2), logarithmic norms, and a model seen in such a norm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fieldlimit.checks import Array, finite, readonly, shaped
from fieldlimit.field import Model
from fieldlimit.fixed_points import projective_sup
from fieldlimit.kernels import DerivedKernel, Kernel, SpectralKernel
from fieldlimit.spaces import FiniteSpace
from fieldlimit.statements import states

ROUNDING = 1e-10  # relative, on what is symmetric or positive by hypothesis


@dataclass(frozen=True, eq=False)
class Weight:
    """||h||_P^2 = <h, P h>, P symmetric and positive definite (r, r).

    h -> S h with S' S = P carries ||.||_P into the norm of R^r.
    """

    P: Array  # (r, r)

    def __post_init__(self) -> None:
        P = shaped("P", self.P, (None, None))
        if P.shape[0] != P.shape[1] or np.abs(P - P.T).max() > ROUNDING * np.abs(P).max():
            raise ValueError(f"P is symmetric, but P = {P}")
        P = (P + P.T) / 2
        least, largest = np.linalg.eigvalsh(P)[[0, -1]]
        if not least > ROUNDING**1.5 * largest:
            raise ValueError(f"P is positive definite, but its least eigenvalue is {least}")
        object.__setattr__(self, "P", readonly(P))

    @cached_property
    def S(self) -> Array:
        """The upper triangular root, S' S = P, (r, r)."""
        return np.linalg.cholesky(self.P).T.astype(float)

    @cached_property
    def inverse(self) -> Array:
        """S^{-1}, (r, r)."""
        return np.linalg.inv(self.S).astype(float)

    def norm(self, h: Array) -> Array:
        """||h||_P, (..., r) -> (...)."""
        return np.linalg.norm(np.asarray(h) @ self.S.T, axis=-1)

    @cached_property
    def ends(self) -> tuple[float, float]:
        """lo, hi with lo ||h|| <= ||h||_P <= hi ||h||, both attained."""
        eigenvalues = np.linalg.eigvalsh(self.P)
        return float(np.sqrt(eigenvalues[0])), float(np.sqrt(eigenvalues[-1]))

    def normalised(self) -> Weight:
        """The multiple of P with least eigenvalue 1, so that ||h|| <= ||h||_P."""
        return Weight(self.P / np.linalg.eigvalsh(self.P)[0] * (1 + 1e-12))


def plain_weight(rank: int) -> Weight:
    """P = Id: the norm of H itself."""
    return Weight(np.eye(rank))


@states("prop-log-norm")
def log_norm(T: Array, weight: Weight | None = None) -> float:
    """mu_P(T), the largest <u, T u>_P over ||u||_P = 1; weight None: P = Id. T (r, r).

    ||e^(tT)||_P <= e^(t mu_P(T)), no lesser exponent serves near t = 0, and the infimum of mu_P(T)
    over P is the spectral abscissa of T.
    """
    T = shaped("T", T, (None, None))
    seen = T if weight is None else weight.S @ T @ weight.inverse
    return float(np.linalg.eigvalsh((seen + seen.T) / 2)[-1])


def spectral_abscissa(T: Array) -> float:
    """The largest real part of an eigenvalue."""
    return float(np.linalg.eigvals(T).real.max())


def lyapunov_weight(A: Array, alpha: float) -> Weight:
    """P = int_0^inf e^(2 alpha t) e^(tA)' e^(tA) dt, normalised: mu_P(A) < -alpha.

    The solution of (A + alpha)' P + P (A + alpha) = -Id. ValueError unless alpha is below the
    spectral gap of A. A (r, r).
    """
    from scipy.linalg import solve_continuous_lyapunov

    A = shaped("A", A, (None, None))
    gap = -spectral_abscissa(A)
    if not finite("alpha", alpha) < gap:
        raise ValueError(f"alpha is below the spectral gap {gap:.6g}, but alpha = {alpha}")
    shifted = A + alpha * np.eye(len(A))
    P = solve_continuous_lyapunov(shifted.T, -np.eye(len(A)))
    return Weight((P + P.T) / 2).normalised()


def eigenvector_weight(A: Array) -> Weight:
    """P = Re (V V*)^{-1} with the eigenvectors of A in the columns of V: mu_P(A) = abscissa of A.

    The infimum of prop-log-norm, attained when A is diagonalisable over C; ValueError when it is
    not, to rounding.
    """
    V = np.linalg.eig(shaped("A", A, (None, None)))[1]
    if np.linalg.cond(V) > 1e5:
        raise ValueError(
            f"A has a basis of eigenvectors, but its condition is {np.linalg.cond(V):.2g}"
        )
    dual = np.linalg.inv(V)
    return Weight((dual.conj().T @ dual).real).normalised()


def weighted(model: Model, weight: Weight) -> Model:
    """The model in the coordinates S h, whose plain norm is ||h||_P: same h(x), same network.

    Every guarantee of chapters 7 and 10, asked of it at S h, is one in the norm ||.||_P.
    """
    kernel = model.kernel
    return Model(weighted_kernel(kernel, weight), model.phi, weight.S @ model.I)


def weighted_kernel(kernel: Kernel, weight: Weight) -> DerivedKernel:
    """S^{-T} k_x and S w_x: the same kernel, its features measured by P, with proven bounds."""
    kappa, omega = receptive_sup(kernel, weight.inverse.T), projective_sup(kernel, weight.S)
    return DerivedKernel(kernel, lambda k, w: (k @ weight.inverse, w @ weight.S.T), kappa, omega)


def receptive_sup(kernel: Kernel, B: Array) -> float:
    """A proven upper bound of sup_x ||B k_x||; exact on a finite space. B (r, r)."""
    if isinstance(kernel.space, FiniteSpace):
        k = kernel.k(kernel.space.quadrature(1).nodes)
        return float(np.linalg.norm(k @ B.T, axis=1).max())
    if isinstance(kernel, SpectralKernel):
        return projective_sup(kernel, B @ kernel.V.T)  # k_x = V' w_x
    return float(np.linalg.norm(B, 2)) * kernel.kappa
