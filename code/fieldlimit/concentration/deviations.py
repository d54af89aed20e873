"""The deviation itself, D = ||D^m F_N(h) - D^m F(h)||: of one network, and of many drawn at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldlimit.checks import positive_integer, shaped
from fieldlimit.concentration.products import rates, tensors
from fieldlimit.field import Model, VectorField, neural_field
from fieldlimit.kernels import features

Floats = NDArray[np.float64]

_BATCH = 2**14  # locations drawn at a time: their features stay in the cache


def deviation(network: VectorField, field: VectorField, h: ArrayLike, m: int = 0) -> float:
    """D = ||D^m F_N(h) - D^m F(h)||, Hilbert-Schmidt norm for m >= 1. h (r,).

    Exact for the two measures given; `field` carries the quadrature error of the neural field.
    """
    m = positive_integer("m", m, least=0)
    h = shaped("h", h, (field.I.shape[0],))
    difference = _mean_tensor(network, h, m) - _mean_tensor(field, h, m)
    return float(np.linalg.norm(difference))


@dataclass(frozen=True, eq=False)
class Case:
    """A model, a state h (r,), an order of derivative, and the field to compare with."""

    model: Model
    h: Floats
    m: int = 0
    field: VectorField | None = None  # None: neural_field(model)


def sample_deviations(
    model: Model,
    h: ArrayLike,
    N: int,
    n: int,
    *,
    rng: np.random.Generator,
    m: int = 0,
    field: VectorField | None = None,
) -> Floats:
    """D of n independent networks of N neurons each, at h (r,); shape (n,).

    field: the neural field to compare with; None takes `neural_field(model)`, whose quadrature
    error is then part of every D. Cost O(n N r^(1+m)), memory some 2^14 features: nothing N x N.
    """
    case = Case(model, np.asarray(h, dtype=float), m, field)
    return sample_deviations_together([case], N, n, rng=rng)[0]


def sample_deviations_together(
    cases: Sequence[Case], N: int, n: int, *, rng: np.random.Generator
) -> Floats:
    """The same n networks in several cases with one kernel: D of shape (cases, n).

    The features, which are the cost, are evaluated once; the cases are compared at the same
    locations, hence without the noise of independent ones.
    """
    N, n = positive_integer("N", N), positive_integer("n", n)
    kernel = cases[0].model.kernel
    if any(case.model.kernel is not kernel for case in cases):
        raise ValueError("the cases share one kernel object, but some have another")
    means = [_Mean(case, n) for case in cases]
    for first in range(0, n * N, _BATCH):
        last = min(first + _BATCH, n * N)
        k, w = features(kernel, kernel.space.sample(last - first, rng=rng))
        cuts = np.arange(first // N, (last - 1) // N + 2) * N
        cuts = np.clip(cuts, first, last) - first  # where one network ends and the next begins
        for mean in means:
            mean.add(k, w, first // N, cuts)
    return np.stack([mean.deviations(N) for mean in means])


class _Mean:
    """Sums of Y over the neurons of each of n networks, as they come."""

    def __init__(self, case: Case, n: int) -> None:
        self.phi = case.model.phi
        self.m = positive_integer("m", case.m, least=0)
        self.h = shaped("h", case.h, (case.model.kernel.rank,))
        field = neural_field(case.model) if case.field is None else case.field
        self.target = _mean_tensor(field, self.h, self.m)  # (r, r^m)
        self.sums = np.zeros((n, *self.target.shape))

    def add(self, k: Floats, w: Floats, network: int, cuts: NDArray[np.int64]) -> None:
        weighted = rates(self.phi, k, self.h, self.m)[:, None] * w
        powers = tensors(k, np.ones((len(k), 1)), self.m)  # (b, r^m)
        for i, (start, stop) in enumerate(pairwise(cuts), start=network):
            self.sums[i] += weighted[start:stop].T @ powers[start:stop]

    def deviations(self, N: int) -> Floats:
        difference = self.sums / N - self.target
        return np.linalg.norm(difference.reshape(len(difference), -1), axis=1)


def _mean_tensor(field: VectorField, h: Floats, m: int) -> Floats:
    """sum_j weights_j phi^(m)(h(x_j)) w_j (x) k_j^(x)m as a matrix, (r, r^m)."""
    scale = rates(field.phi, field.k, h, m) * field.weights
    powers = tensors(field.k, np.ones((len(field.k), 1)), m)
    return (scale[:, None] * field.w).T @ powers
