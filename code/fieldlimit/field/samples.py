"""Two statements about F_N that hold neuron by neuron: it restricts, and it is unbiased."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, positive_integer
from fieldlimit.field.model import Model
from fieldlimit.field.vector_field import VectorField, finite_network, neural_field
from fieldlimit.kernels.base import by_modulus
from fieldlimit.statements import states


@dataclass(frozen=True, eq=False)
class Restriction:
    """Spectra on both sides of prop-restriction; distance: the farthest pair after matching."""

    field: NDArray  # (max(N, r),) eigenvalues of DF_N(h), continued by -1
    matrix: NDArray  # (max(N, r),) eigenvalues of -Id + G, continued by -1
    distance: float


@states("prop-restriction")
def restriction_spectra(network: VectorField, h: Array) -> Restriction:
    """sigma(DF_N(h)) and sigma(-Id + G), G_ij = (1/N) w(x_i, x_j) phi'(h(x_j)), off -1.

    DF_N(h) acts on H = R^r, G on the potentials R^N; away from -1 the eigenvalues agree with their
    algebraic multiplicities (AB and BA share their nonzero spectrum). Both lists are filled up
    with -1 to the length max(N, r), decreasing in |1 + eigenvalue|, and matched to least total
    distance. G is N x N, built here on purpose: ValueError for N > 2000.
    """
    from scipy.optimize import linear_sum_assignment

    if network.size > 2000:
        raise ValueError(f"N is at most 2000 (G is N x N), but N = {network.size}")
    slopes = network.weights * network.phi.derivative(network.potentials(h), 1)
    G = (network.k @ network.w.T) * slopes
    length = max(network.k.shape)
    sides = [
        _padded(np.linalg.eigvals(matrix), length)
        for matrix in (network.derivative(h) + np.eye(len(network.I)), G)
    ]
    gaps = np.abs(sides[0][:, None] - sides[1][None, :])
    return Restriction(sides[0] - 1, sides[1] - 1, float(gaps[linear_sum_assignment(gaps)].max()))


@dataclass(frozen=True, eq=False)
class Bias:
    """Mean of D^mF_N(h) - D^mF(h) over independent networks, and its standard error."""

    mean: Array  # (r,) for m = 0, (r, r) for m = 1
    standard_error: Array  # the same shape


@states("prop-unbiased")
def network_bias(
    model: Model,
    h: Array,
    N: int,
    copies: int,
    *,
    rng: np.random.Generator,
    m: int = 0,
    n: int | None = None,
) -> Bias:
    """E D^mF_N(h) - D^mF(h), which is 0, as estimated from `copies` independent networks of N.

    m = 0 or 1. F by quadrature with n nodes, whose error adds to the sampling error
    (`field_error`; none on a finite space). The standard error is that of the mean, entry by entry.
    """
    copies = positive_integer("copies", copies, least=2)
    if positive_integer("m", m, least=0) > 1:
        raise ValueError(f"m is 0 or 1, but m = {m}")
    limit = neural_field(model, n)
    exact = limit.derivative(h) if m else limit(h)
    deviations = np.empty((copies, *exact.shape))
    for i in range(copies):
        network = finite_network(model, N, rng=rng)
        deviations[i] = (network.derivative(h) if m else network(h)) - exact
    return Bias(deviations.mean(axis=0), deviations.std(axis=0, ddof=1) / np.sqrt(copies))


def _padded(eigenvalues: NDArray, length: int) -> NDArray:
    ordered = by_modulus(eigenvalues)
    return np.concatenate([ordered, np.zeros(length - len(ordered))])
