"""Zonal kernels on the sphere S^(d-1): spherical harmonics of degree 0 to 3, explicitly."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb, sqrt

import numpy as np

from fieldlimit.checks import Array, finite_array, positive_integer
from fieldlimit.kernels.spectral import SpectralKernel
from fieldlimit.spaces import Sphere

HIGHEST_DEGREE = 3


def harmonic_multiplicity(dimension: int, degree: int) -> int:
    """Dimension of the harmonics of the given degree on S^(d-1), d >= 2.

    Homogeneous polynomials of that degree less those of degree - 2: C(d+l-1, l) - C(d+l-3, l-2).
    """
    d = positive_integer("dimension", dimension, least=2)
    m = positive_integer("degree", degree, least=0)
    return comb(d + m - 1, m) - (comb(d + m - 3, m - 2) if m >= 2 else 0)


def zonal_kernel(dimension: int, eigenvalues: Array) -> SpectralKernel:
    """w(x, y) = sum_l l_l n_l P_l(<x, y>) on the sphere S^(d-1), P_l(1) = 1, degrees l <= 3.

    eigenvalues (L + 1,), L <= 3, any sign: that of degree l has multiplicity n_l
    (`harmonic_multiplicity`), and P_l are the Legendre (Gegenbauer) polynomials of dimension d. By
    the addition theorem ||k_x||^2 = sum |l_l| n_l at every x, so kappa is exact.
    """
    Sphere(dimension)
    values = finite_array("eigenvalues", eigenvalues)
    if values.ndim != 1 or not 1 <= len(values) <= HIGHEST_DEGREE + 1:
        raise ValueError(f"eigenvalues are 1 to 4, of degrees 0..3, but shape = {values.shape}")
    counts = [harmonic_multiplicity(dimension, degree) for degree in range(len(values))]
    repeated = np.repeat(values, counts)
    signs = np.where(repeated < 0, -1.0, 1.0)
    kappa = float(np.sqrt(np.abs(repeated).sum()))
    basis = Harmonics(dimension, len(values) - 1)
    return SpectralKernel(
        Sphere(dimension),
        basis,
        np.abs(repeated),
        np.diag(signs),
        kappa,
        constant_norm=True,
    )


@dataclass(frozen=True)
class Harmonics:
    """Orthonormal real harmonics of degree 0..`degree` under the uniform law: (n, d) -> (n, r)."""

    dimension: int
    degree: int

    def __call__(self, x: Array) -> Array:
        families = (_constant, _linear, _quadratic, _cubic)[: self.degree + 1]
        return np.concatenate([family(x) for family in families], axis=1)


def _constant(x: Array) -> Array:
    return np.ones((len(x), 1))


def _linear(x: Array) -> Array:
    """sqrt(d) x_i: E x_i^2 = 1/d."""
    return sqrt(x.shape[1]) * x


def _quadratic(x: Array) -> Array:
    """x_i x_j, i < j, and sum_i c_i x_i^2 with c orthonormal of sum 0 (rows of Helmert's matrix).

    E x_i^2 x_j^2 = 1/(d(d+2)) and E x_i^4 = 3/(d(d+2)).
    """
    d = x.shape[1]
    scale = sqrt(d * (d + 2))
    pairs = list(combinations(range(d), 2))
    mixed = [scale * x[:, i] * x[:, j] for i, j in pairs]
    squares = scale / sqrt(2) * x**2 @ _helmert(d).T
    return np.concatenate([np.stack(mixed, axis=1), squares], axis=1)


def _cubic(x: Array) -> Array:
    """x_i x_j x_k; x_i sum_{j != i} c_j x_j^2 with c as above; x_i (1 - (d+2) x_i^2 / 3).

    With M = d(d+2)(d+4): E x_i^2 x_j^2 x_k^2 = 1/M, E x_i^2 x_j^4 = 3/M, E x_i^6 = 15/M; products
    with different odd coordinates are orthogonal.
    """
    d = x.shape[1]
    M = d * (d + 2) * (d + 4)
    columns = [sqrt(M) * x[:, i] * x[:, j] * x[:, k] for i, j, k in combinations(range(d), 3)]
    own = sqrt(3 * d * (d + 4) / (2 * (d - 1))) * x * (1 - (d + 2) / 3 * x**2)
    parts = [np.stack(columns, axis=1)] if columns else []
    for i in range(d):
        others = np.delete(x, i, axis=1) ** 2 @ _helmert(d - 1).T
        parts.append(sqrt(M / 2) * x[:, i : i + 1] * others)
    return np.concatenate([*parts, own], axis=1)


def _helmert(n: int) -> Array:
    """n - 1 orthonormal vectors of R^n with sum 0, (n - 1, n)."""
    rows = np.zeros((n - 1, n))
    for i in range(1, n):
        rows[i - 1, :i] = 1.0
        rows[i - 1, i] = -i
        rows[i - 1] /= sqrt(i * (i + 1))
    return rows
