"""The deviation itself, D = ||D^m F_N(h) - D^m F(h)||: of one network, and of many drawn at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldlimit.checks import positive_integer, shaped
from fieldlimit.concentration.products import features, rates, tensors
from fieldlimit.field import Model, VectorField, neural_field

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
    N, n = positive_integer("N", N), positive_integer("n", n)
    m = positive_integer("m", m, least=0)
    kernel = model.kernel
    h = shaped("h", h, (kernel.rank,))
    target = _mean_tensor(neural_field(model) if field is None else field, h, m)  # (r, r^m)
    sums = np.zeros((n, *target.shape))
    for first, last in _batches(n * N):
        x = kernel.space.sample(last - first, rng=rng)
        k, w = features(kernel, x)
        weighted = rates(model.phi, k, h, m)[:, None] * w
        powers = tensors(k, np.ones((len(k), 1)), m)  # (b, r^m)
        for i in range(first // N, (last - 1) // N + 1):
            part = slice(max(first, i * N) - first, min(last, (i + 1) * N) - first)
            sums[i] += weighted[part].T @ powers[part]
    return np.linalg.norm((sums / N - target).reshape(n, -1), axis=1)


def _mean_tensor(field: VectorField, h: Floats, m: int) -> Floats:
    """sum_j weights_j phi^(m)(h(x_j)) w_j (x) k_j^(x)m as a matrix, (r, r^m)."""
    scale = rates(field.phi, field.k, h, m) * field.weights
    powers = tensors(field.k, np.ones((len(field.k), 1)), m)
    return (scale[:, None] * field.w).T @ powers


def _batches(total: int) -> list[tuple[int, int]]:
    return [(i, min(i + _BATCH, total)) for i in range(0, total, _BATCH)]
