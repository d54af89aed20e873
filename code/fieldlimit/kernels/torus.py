"""Translation-invariant kernels on the d-torus: Fourier modes with prescribed eigenvalues."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from math import isqrt

import numpy as np

from fieldlimit.checks import (
    Array,
    finite,
    finite_array,
    nonnegative,
    positive_integer,
    readonly,
)
from fieldlimit.kernels.spectral import SpectralKernel
from fieldlimit.spaces import Torus


@dataclass(frozen=True, eq=False)
class FourierBasis:
    """1, sqrt2 cos<m_1, x>, sqrt2 sin<m_1, x>, sqrt2 cos<m_2, x>, ...: (n, d) -> (n, 1 + 2p).

    Orthonormal under the uniform law on the torus; sum of squares 1 + 2p at every x.
    """

    frequencies: Array  # (p, d), integers

    def __call__(self, x: Array) -> Array:
        angles = x @ self.frequencies.T  # (n, p)
        modes = np.empty((len(x), 1 + 2 * len(self.frequencies)))
        modes[:, 0] = 1.0
        modes[:, 1::2] = np.sqrt(2) * np.cos(angles)
        modes[:, 2::2] = np.sqrt(2) * np.sin(angles)
        return modes


def frequencies(pairs: int, dimension: int) -> Array:
    """The first `pairs` vectors of Z^d modulo sign in order of |m|, (pairs, d), zero left out.

    Of m and -m the one whose first nonzero entry is positive is kept. Within a shell |m|^2 = s
    vectors are ordered by the position of their first nonzero entry, then by its size, larger
    first, and so on. Only as much of Z^d as needed is visited: 20 pairs in d = 20 are the unit
    vectors, the next ones sums and differences of two of them.
    """
    positive_integer("pairs", pairs, least=0)
    positive_integer("dimension", dimension)
    found = islice((m for s in count(1) for m in _shell(s, dimension, True)), pairs)
    return np.array(list(found), dtype=float).reshape(pairs, dimension)


def torus_kernel(eigenvalues: Array, dimension: int) -> SpectralKernel:
    """w(x, y) = l_0 + 2 sum_j l_j cos<m_j, x - y> on the d-torus, rank 1 + 2p.

    eigenvalues (1 + p,): l_0 of the constant and l_j of the j-th pair (cos, sin), in the order of
    `frequencies`; any sign. The integral operator has the eigenvalues l_0, l_1, l_1, l_2, l_2, ...
    and ||k_x||^2 = kappa^2 = |l_0| + 2 sum |l_j| at every x: the same spectrum and the same norms
    in EVERY dimension d. Nothing is truncated.
    """
    eigenvalues = finite_array("eigenvalues", eigenvalues)
    if eigenvalues.ndim != 1 or len(eigenvalues) < 1:
        raise ValueError(f"eigenvalues has shape (1 + p,), but its shape is {eigenvalues.shape}")
    modes = FourierBasis(readonly(frequencies(len(eigenvalues) - 1, dimension)))
    doubled = np.concatenate([eigenvalues[:1], np.repeat(eigenvalues[1:], 2)])
    signs = np.where(doubled < 0, -1.0, 1.0)
    norm = float(np.sqrt(np.abs(doubled).sum()))
    return SpectralKernel(
        Torus(dimension),
        modes,
        np.abs(doubled),
        np.diag(signs),
        norm,
        constant_norm=True,
    )


def power_law(pairs: int, decay: float, scale: float = 1.0) -> Array:
    """scale * (1 + j)^(-decay) for j = 0, ..., pairs: eigenvalues for `torus_kernel`."""
    j = np.arange(positive_integer("pairs", pairs, least=0) + 1.0)
    return finite("scale", scale) * (1 + j) ** -nonnegative("decay", decay)


def exponential_spectrum(pairs: int, decay: float, scale: float = 1.0) -> Array:
    """scale * exp(-decay j) for j = 0, ..., pairs: eigenvalues for `torus_kernel`."""
    j = np.arange(positive_integer("pairs", pairs, least=0) + 1.0)
    return finite("scale", scale) * np.exp(-nonnegative("decay", decay) * j)


def cosine_ring(J0: float, J1: float) -> SpectralKernel:
    """w(x, y) = J0 + J1 cos(x - y) on the circle: eigenvalues J0, J1/2, J1/2."""
    return torus_kernel(np.array([finite("J0", J0), finite("J1", J1) / 2]), 1)


def shifted_ring(J0: float, J1: float, shift: float) -> SpectralKernel:
    """w(x, y) = J0 + J1 cos(x - y - shift) on the circle, not symmetric: head direction.

    V rotates the (cos, sin) pair by `shift`; the eigenvalues are J0 and (J1/2) exp(-+ i shift). A
    packet of activity travels: each neuron projects `shift` ahead of its own angle.
    """
    ring = cosine_ring(J0, J1)
    c, s = np.cos(finite("shift", shift)), np.sin(shift)
    V = ring.V.copy()
    V[1:, 1:] = V[1:, 1:] @ np.array([[c, -s], [s, c]])
    return SpectralKernel(
        ring.space, ring.basis, ring.singular_values, V, ring.kappa, constant_norm=True
    )


def _shell(square: int, dimension: int, leading: bool) -> Iterator[tuple[int, ...]]:
    """Integer vectors with |m|^2 = square; leading: those whose first nonzero entry is positive.

    By position of the first nonzero entry, then its size (larger first), then the rest, then sign.
    The recursion goes over nonzero entries: at most `square` deep, whatever the dimension.
    """
    if square == 0:
        yield (0,) * dimension
        return
    for position in range(dimension):
        for size in range(isqrt(square), 0, -1):
            for rest in _shell(square - size * size, dimension - position - 1, False):
                for entry in (size,) if leading else (size, -size):
                    yield (*(0,) * position, entry, *rest)
