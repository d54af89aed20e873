"""Native features: k_x = sqrt(|w|) in the eigenbasis, w_y = V k_y with V orthogonal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, positive, readonly, shaped
from fieldlimit.kernels.base import Moments, by_modulus
from fieldlimit.spaces import SimilaritySpace
from fieldlimit.statements import states

ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class SpectralKernel:
    """k_x = (sqrt(s_n) e_n(x))_n, w_y = V k_y: the native features of w = sum s_n e_n (V e)_n.

    basis: (n, d) -> (n, r), orthonormal in L2(rho); singular_values s (r,), >= 0; V (r, r),
    orthogonal and commuting with diag(s): signs for a symmetric kernel, rotations of (cos, sin)
    pairs for a translation-invariant one. Then s are the singular values of the integral operator,
    and its nuclear norm is sum s = tr Kop = tr Wop.

    kappa: an upper bound of sup ||k_x||; attained where `constant_norm` (||k_x|| the same for every
    x). omega = kappa, V being orthogonal. tail: nuclear norm of what a truncation left out (0 when
    nothing was); the truncated kernel IS the model.
    """

    space: SimilaritySpace
    basis: Callable[[Array], Array]
    singular_values: Array  # (r,)
    V: Array  # (r, r)
    kappa: float
    constant_norm: bool = False
    tail: float = 0.0

    def __post_init__(self) -> None:
        s = shaped("singular_values", self.singular_values, (None,))
        V = shaped("V", self.V, (len(s), len(s)))
        if (s < 0).any():
            raise ValueError(f"singular values are >= 0, but the least is {s.min()}")
        if np.abs(V @ V.T - np.eye(len(s))).max(initial=0.0) > ROUNDING:
            raise ValueError(f"V is orthogonal, but V V^T has diagonal {np.diag(V @ V.T)}")
        if np.abs(V * s - s[:, None] * V).max(initial=0.0) > ROUNDING * s.max(initial=0.0):
            raise ValueError("V commutes with diag(singular_values), but V mixes unequal values")
        if self.kappa < 0 or not np.isfinite(self.kappa):
            positive("kappa", self.kappa)
        object.__setattr__(self, "singular_values", readonly(s))
        object.__setattr__(self, "V", readonly(V))

    @property
    def rank(self) -> int:
        """r, the dimension of H (zero singular values included)."""
        return len(self.singular_values)

    @property
    def omega(self) -> float:
        """sup ||w_y|| = sup ||k_y||, V being orthogonal."""
        return self.kappa

    @cached_property
    def _root(self) -> Array:
        return np.sqrt(self.singular_values)

    @cached_property
    def _signs(self) -> Array | None:
        diagonal = np.diag(self.V)
        return diagonal if np.array_equal(np.diag(diagonal), self.V) else None

    def k(self, x: Array) -> Array:
        """Receptive features (n, d) -> (n, r); ValueError for a location outside the space."""
        return self.basis(self.space.check(x)) * self._root

    def w(self, x: Array) -> Array:
        """Projective features V k_x, (n, d) -> (n, r)."""
        return self.features(x)[1]

    def features(self, x: Array) -> tuple[Array, Array]:
        """k(x) and w(x) = V k(x) from one evaluation of the basis, each (n, r); one array when V = Id."""
        k = self.k(x)
        if self._signs is None:
            return k, k @ self.V.T
        return k, k if (self._signs > 0).all() else k * self._signs

    @cached_property
    def eigenvalues(self) -> NDArray:
        """Eigenvalues of f -> int w(., y) f(y) rho(dy), decreasing in modulus, (r,).

        Real when V is a matrix of signs; conjugate pairs s exp(+-i angle) when it rotates.
        """
        if self._signs is not None:
            return by_modulus(self.singular_values * self._signs)
        return by_modulus(np.linalg.eigvals(self._root[:, None] * self.V * self._root))

    @property
    def nuclear_norm(self) -> float:
        """sum s = tr Kop = tr Wop."""
        return float(self.singular_values.sum())

    @cached_property
    def exact_moments(self) -> Moments:
        """Kop = diag(s) and Wop = V diag(s) V^T = diag(s), without quadrature."""
        diagonal = readonly(np.diag(self.singular_values))
        return Moments(diagonal, diagonal, 0.0)


@dataclass(frozen=True)
class Rescaling:
    """kappa * omega over a set of locations, in native features and in rescaled ones."""

    native: float
    rescaled: float


@states("prop-native-optimal")
def native_optimality(kernel: SpectralKernel, scale: Array, x: Array) -> Rescaling:
    """max_x ||k_x|| max_y ||w_y|| over the locations x, natively and after k -> Dk, w -> D^{-1}w.

    D = diag(scale), scale (r,) positive and constant on each block of V (a (cos, sin) pair that V
    rotates has one scale). These are the features diagonal in the kernel's eigenbasis: they give
    the same kernel, <Dk_x, D^{-1}w_y> = w(x, y). Claim: native <= rescaled for every set of
    locations, hence for the sups. Indeed ||D^{-1} w_x|| = ||V D^{-1} k_x|| = ||D^{-1} k_x||, and
    ||k_x||^2 = <Dk_x, D^{-1}k_x> <= ||Dk_x|| ||D^{-1}w_x|| at each x. No hypothesis on the norms'
    being constant. It is false with kappa sqrt(tr Wop) in place of kappa omega.

    The numbers are maxima over the rows of x (n, d), not over the space. Raises ValueError when
    scale is not positive or does not commute with V.
    """
    scale = shaped("scale", scale, (kernel.rank,))
    if not (scale > 0).all():
        raise ValueError(f"scale is positive, but its least entry is {scale.min()}")
    if np.abs(kernel.V * scale - scale[:, None] * kernel.V).max() > ROUNDING * scale.max():
        raise ValueError("scale is constant on the blocks of V, but V mixes unequal scales")
    k, w = kernel.k(x), kernel.w(x)
    return Rescaling(_sup(k) * _sup(w), _sup(k * scale) * _sup(w / scale))


def _sup(features: Array) -> float:
    return float(np.linalg.norm(features, axis=1).max())
