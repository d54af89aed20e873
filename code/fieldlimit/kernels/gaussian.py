"""The Gaussian kernel in closed form: Mehler's expansion on R^d, wrapped on the torus."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from fieldlimit.checks import Array, finite, positive, positive_integer, readonly
from fieldlimit.kernels.spectral import SpectralKernel
from fieldlimit.kernels.torus import frequencies, torus_kernel
from fieldlimit.spaces import GaussianSpace, SimilaritySpace, Torus


def gaussian_kernel(space: SimilaritySpace, length: float, rank: int) -> SpectralKernel:
    """w(x, y) = exp(-|x - y|^2 / (2 length^2)), truncated to its `rank` leading modes.

    GaussianSpace(d): the modes with the largest eigenvalues (Mehler; Rasmussen and Williams 2006,
    section 4.3.1), kappa = 1 from the untruncated diagonal w(x, x) = 1: an upper bound.
    Torus(d): the kernel wrapped around the torus, the constant and (rank - 1)/2 pairs of lowest
    |m|, rank odd; kappa exact. `tail` is the nuclear norm of what is left out. When the cut goes
    through a set of equal eigenvalues the truncated kernel is not invariant under rotations.
    """
    positive("length", length)
    positive_integer("rank", rank)
    if isinstance(space, GaussianSpace):
        return _mehler_kernel(space, length, rank)
    if isinstance(space, Torus):
        modes = frequencies(_pairs(rank), space.dimension)
        values, tail = _wrapped_eigenvalues(length, modes)
        return _with_tail(torus_kernel(values, space.dimension), tail)
    raise ValueError(f"gaussian_kernel lives on a Torus or a GaussianSpace, but space = {space}")


def mexican_hat(
    length_excitation: float,
    length_inhibition: float,
    strength_excitation: float,
    strength_inhibition: float,
    dimension: int = 1,
    rank: int = 15,
) -> SpectralKernel:
    """w(x, y) = A_e g_e(x - y) - A_i g_i(x - y) on the d-torus, g wrapped Gaussians of peak 1.

    A_e, A_i >= 0 are the strengths at distance 0 and lengths are standard deviations (radians).
    Kept: the constant and the (rank - 1)/2 pairs of lowest |m|, rank odd, with eigenvalues of both
    signs. kappa exact; `tail` bounds the nuclear norm left out by A_e tail_e + A_i tail_i.
    """
    modes = frequencies(_pairs(rank), positive_integer("dimension", dimension))
    for name, strength in (
        ("excitation", strength_excitation),
        ("inhibition", strength_inhibition),
    ):
        if finite(f"strength_{name}", strength) < 0:
            raise ValueError(f"strength_{name} is at least 0, but strength_{name} = {strength}")
    excite, tail_e = _wrapped_eigenvalues(positive("length_excitation", length_excitation), modes)
    inhibit, tail_i = _wrapped_eigenvalues(positive("length_inhibition", length_inhibition), modes)
    values = strength_excitation * excite - strength_inhibition * inhibit
    tail = strength_excitation * tail_e + strength_inhibition * tail_i
    return _with_tail(torus_kernel(values, dimension), tail)


@dataclass(frozen=True, eq=False)
class HermiteBasis:
    """e_a(x) = prod_j (4c)^(1/4) exp(-(c - 1/4) x_j^2) H~_{a_j}(sqrt(2c) x_j): (n, d) -> (n, r).

    H~_k = H_k / sqrt(2^k k!) with H_k the physicists' Hermite polynomials. Orthonormal under the
    standard normal law; c > 1/4 fixes the scale. degrees a (r, d), integers.
    """

    degrees: Array  # (r, d)
    c: float

    def __call__(self, x: Array) -> Array:
        d = x.shape[1]
        envelope = (4 * self.c) ** (d / 4) * np.exp(-(self.c - 0.25) * (x**2).sum(axis=1))
        modes = np.repeat(envelope[:, None], len(self.degrees), axis=1)
        for j in range(d):
            degrees = self.degrees[:, j].astype(np.int64)
            used = np.flatnonzero(degrees)
            if len(used):
                table = _hermite(np.sqrt(2 * self.c) * x[:, j], int(degrees.max()))
                modes[:, used] *= table[:, degrees[used]]
        return modes


def mehler_spectrum(length: float) -> tuple[float, float, float]:
    """(l_0, B, c): on the line the eigenvalues are l_k = l_0 B^k, and l_0 = 1 - B.

    With a = 1/4, b = 1/(2 length^2), c = sqrt(a^2 + 2ab) and A = a + b + c: B = b/A and
    l_0 = sqrt(2a/A). The eigenvalues sum to 1, the value of the kernel on its diagonal.
    """
    a, b = 0.25, 1 / (2 * positive("length", length) ** 2)
    c = np.sqrt(a * a + 2 * a * b)
    A = a + b + c
    return float(np.sqrt(2 * a / A)), float(b / A), float(c)


def _mehler_kernel(space: GaussianSpace, length: float, rank: int) -> SpectralKernel:
    first, ratio, c = mehler_spectrum(length)
    degrees = np.array(list(islice(_degrees_by_size(space.dimension, ratio), rank)), dtype=float)
    values = first**space.dimension * ratio ** degrees.sum(axis=1)
    tail = max(0.0, 1.0 - float(values.sum()))
    basis = HermiteBasis(readonly(degrees), c)
    return SpectralKernel(space, basis, values, np.eye(rank), 1.0, tail=tail)


def _degrees_by_size(dimension: int, ratio: float) -> Iterator[tuple[int, ...]]:
    """Multi-indices a in order of decreasing ratio^|a|, by a heap over the tree of multi-indices.

    The children of a raise one entry, at or after the last nonzero one: each multi-index has
    one parent, is met once, and never before it. d = 50 costs d entries a step.
    """
    heap = [(0.0, 0, (0,) * dimension)]
    order = 0
    while heap:
        size, _, degrees = heapq.heappop(heap)
        yield degrees
        last = max((j for j in range(dimension) if degrees[j]), default=0)
        for j in range(last, dimension):
            order += 1
            child = (*degrees[:j], degrees[j] + 1, *degrees[j + 1 :])
            heapq.heappush(heap, (size - np.log(ratio), order, child))


def _hermite(z: Array, degree: int) -> Array:
    """H_k(z) / sqrt(2^k k!), k = 0..degree, by three-term recurrence: (n,) -> (n, degree + 1)."""
    table = np.ones((len(z), degree + 1))
    if degree:
        table[:, 1] = np.sqrt(2) * z
    for k in range(1, degree):
        table[:, k + 1] = np.sqrt(2 / (k + 1)) * z * table[:, k]
        table[:, k + 1] -= np.sqrt(k / (k + 1)) * table[:, k - 1]
    return table


def _wrapped_eigenvalues(length: float, modes: Array) -> tuple[Array, float]:
    """Fourier coefficients of the wrapped Gaussian at 0 and at modes (p, d), and the tail.

    c_m = (length / sqrt(2 pi))^d exp(-length^2 |m|^2 / 2); their sum over Z^d is the value of the
    wrapped kernel at 0, (sum_n exp(-(2 pi n)^2 / (2 length^2)))^d.
    """
    dimension = modes.shape[1]
    peak = (length / np.sqrt(2 * np.pi)) ** dimension
    pairs = peak * np.exp(-(length**2) * (modes**2).sum(axis=1) / 2)
    windings = np.arange(1, 2 + int(np.ceil(2 * length)))
    at_zero = (1 + 2 * np.exp(-((2 * np.pi * windings / length) ** 2) / 2).sum()) ** dimension
    tail = max(0.0, float(at_zero - peak - 2 * pairs.sum()))
    return np.concatenate([[peak], pairs]), tail


def _pairs(rank: int) -> int:
    if positive_integer("rank", rank) % 2 == 0:
        raise ValueError(f"rank is odd (the constant and whole pairs), but rank = {rank}")
    return (rank - 1) // 2


def _with_tail(kernel: SpectralKernel, tail: float) -> SpectralKernel:
    from dataclasses import replace

    return replace(kernel, tail=tail)
