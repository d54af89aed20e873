"""What a kernel's features and spectrum say by themselves, before any network: chapter 2."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import comb, sqrt

import numpy as np

from fieldlimit.checks import Array, nonnegative, positive, positive_integer
from fieldlimit.kernels import (
    Kernel,
    SpectralKernel,
    projective_moment,
    receptive_moment,
    torus_kernel,
)
from fieldlimit.statements import states


@dataclass(frozen=True)
class FeatureBounds:
    """The five constants of prop-features."""

    pointwise: float  # |h(x)| <= pointwise ||h||
    mean_square: float  # ||h||_{L2(rho)} <= mean_square ||h||
    drive: float  # ||int w_y f(y) rho(dy)|| <= drive ||f||_{L2(rho)}
    top: float  # bound of the operator norm of the integral operator
    nuclear: float  # bound of its nuclear norm


@states("prop-features")
def feature_bounds(kernel: Kernel) -> FeatureBounds:
    """kappa, sqrt||Kop||, sqrt||Wop||, sqrt(||Kop|| ||Wop||) and sqrt(tr Kop tr Wop) <= kappa omega.

    The moment operators are exact in native features and on finite spaces, else by quadrature.
    """
    K, W = receptive_moment(kernel), projective_moment(kernel)
    k, w = (sqrt(max(0.0, float(np.linalg.norm(moment, 2)))) for moment in (K, W))
    nuclear = sqrt(max(0.0, float(np.trace(K)) * float(np.trace(W))))
    return FeatureBounds(kernel.kappa, k, w, k * w, nuclear)


@dataclass(frozen=True)
class Spectrum:
    """Two numbers of the integral operator, and their ratio: how many patterns it lets through."""

    nuclear: float  # sum of the singular values = tr Kop = tr Wop
    top: float  # the largest of them = ||Kop|| = ||Wop||

    @property
    def intrinsic_dimension(self) -> float:
        """tr Wop / ||Wop||, between 1 and the rank."""
        return self.nuclear / self.top


@states("prop-native-spectrum")
def spectrum(kernel: SpectralKernel) -> Spectrum:
    """In native features tr Wop = tr Kop = sum s_n and ||Wop|| = ||Kop|| = max s_n.

    s_n are the singular values of f -> int w(., y) f(y) rho(dy). Raises ValueError for the zero
    kernel.
    """
    top = float(kernel.singular_values.max())
    return Spectrum(
        float(kernel.singular_values.sum()), positive("the largest singular value", top)
    )


def flat_signs(m: int) -> Array:
    """epsilon (2^m,), each +-1, with |sum_n epsilon_n z^n| <= 2^((m+1)/2) for |z| = 1.

    The Rudin-Shapiro recursion P' = P + z^(2^m) Q, Q' = P - z^(2^m) Q from P = Q = 1.
    """
    P = Q = np.ones(1)
    for _ in range(positive_integer("m", m, least=0)):
        P, Q = np.concatenate([P, Q]), np.concatenate([P, -Q])
    return P


def flat_kernel(m: int) -> SpectralKernel:
    """w(x, y) = 2^(-(m+1)/2) sum_{n < 2^m} epsilon_n cos((2^m + n)(x - y)) on the circle: |w| <= 1."""
    eigenvalues = np.zeros(2 ** (m + 1))
    eigenvalues[2**m :] = flat_signs(m) * 2 ** (-(m + 1) / 2) / 2
    return torus_kernel(eigenvalues, 1)


@states("prop-carleman")
def flat_nuclear_norm(m: int) -> float:
    """2^((m-1)/2), the nuclear norm of `flat_kernel(m)`, whose values are at most 1 in modulus.

    Every pair of bounded features of that kernel has kappa omega at least as large.
    """
    return float(2 ** ((positive_integer("m", m, least=0) - 1) / 2))


@states("prop-smooth-decay")
def smooth_decay(index: int, *, derivative: float, order: int, dimension: int) -> float:
    """Bound of the index-th largest singular value (index >= 2) of g(x - y) on the d-torus.

    G / (R + 1)^q, where g is of class C^q, q = order >= 1, G = derivative =
    max_i int |d_i^q g| drho, and R is the largest integer with (2R + 1)^d < index.
    """
    index = positive_integer("index", index, least=2)
    order, d = positive_integer("order", order), positive_integer("dimension", dimension)
    R = 0
    while (2 * R + 3) ** d < index:
        R += 1
    return nonnegative("derivative", derivative) / (R + 1) ** order


@dataclass(frozen=True)
class GaussianSpectrum:
    """Eigenvalues (1 - beta)^d beta^j, C(j + d - 1, d - 1) times each; their sum is 1."""

    beta: float
    dimension: int

    @property
    def top(self) -> float:
        """||Wop|| = (1 - beta)^d."""
        return (1 - self.beta) ** self.dimension

    @property
    def intrinsic_dimension(self) -> float:
        """tr Wop / ||Wop|| = (1 - beta)^(-d)."""
        return 1 / self.top

    @property
    def participation(self) -> float:
        """(tr Wop)^2 / ||Wop||_HS^2 = ((1 + beta)/(1 - beta))^d."""
        return ((1 + self.beta) / (1 - self.beta)) ** self.dimension

    def eigenvalues(self, indices: Array) -> Array:
        """The eigenvalues with the given numbers (n,) in decreasing order, counted from 1."""
        d = self.dimension
        # comb(j + d, d) eigenvalues have degree at most j
        degrees = [
            bisect_left(range(int(n)), int(n), key=lambda j: comb(j + d, d))
            for n in np.asarray(indices)
        ]
        return self.top * self.beta ** np.array(degrees, dtype=float)


@states("prop-gaussian-spectrum")
def gaussian_spectrum(length: float, dimension: int) -> GaussianSpectrum:
    """The spectrum of exp(-|x - y|^2 / (2 length^2)) under the standard normal law on R^d.

    beta = 1 + length^2/2 - length sqrt(1 + length^2/4), the root in (0, 1) of
    length^2 = (1 - beta)^2 / beta. It is computed as the reciprocal of the other root, which does
    not cancel for large lengths.
    """
    half = positive("length", length) / 2
    beta = 1 / (1 + 2 * half**2 + 2 * half * sqrt(1 + half**2))
    return GaussianSpectrum(beta, positive_integer("dimension", dimension))
