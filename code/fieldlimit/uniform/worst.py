"""The worst state of a ball, searched for by ascent: a lower bound of S, beside its guarantees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import Array, nonnegative, positive_integer, shaped
from fieldlimit.field import VectorField


@dataclass(frozen=True, eq=False)
class WorstState:
    """The best that ascent found: h (r,) in the ball, and ||F_N(h) - F(h)|| there."""

    h: Array
    deviation: float


def worst_state(
    network: VectorField,
    field: VectorField,
    h0: ArrayLike,
    radius: float,
    *,
    rng: np.random.Generator,
    starts: int = 16,
    steps: int = 100,
) -> WorstState:
    """h with ||h - h0|| <= radius at which ||F_N(h) - F(h)|| is large: a lower bound of its sup.

    Ascent along the gradient from random points of the sphere, all starts at once: a step goes to
    the point of the ball farthest along the gradient, halved until the deviation grows. No proof
    that the maximum is found; what is found is attained.
    """
    h0 = shaped("h0", h0, (len(field.I),))
    R = nonnegative("radius", radius)
    k, w, p = _difference(network, field)
    v = rng.standard_normal((positive_integer("starts", starts), len(h0)))
    reach = R * np.geomspace(1.0, 0.01, len(v))  # near states too: large ones may be saturated
    v *= (reach / np.linalg.norm(v, axis=1))[:, None]
    value = _deviations(field, h0 + v, k, w, p)
    for _ in range(positive_integer("steps", steps)):
        gradient = _gradients(field, h0 + v, k, w, p)
        norm = np.linalg.norm(gradient, axis=1, keepdims=True)
        target = R * gradient / np.maximum(norm, np.finfo(float).tiny)
        before = value
        for size in (1.0, 0.3, 0.1, 0.03):
            trial = v + size * (target - v)
            seen = _deviations(field, h0 + trial, k, w, p)
            better = (seen > value) & (value == before)  # the first of the sizes that helps
            v = np.where(better[:, None], trial, v)
            value = np.where(better, seen, value)
        if (value <= before * (1.0 + 1e-9)).all():
            break
    i = int(np.argmax(value))
    return WorstState(h0 + v[i], float(value[i]))


def _difference(network: VectorField, field: VectorField) -> tuple[Array, Array, Array]:
    """Features and signed weights of F_N - F, the decay and the input cancelling."""
    k, w = np.vstack([network.k, field.k]), np.vstack([network.w, field.w])
    return k, w, np.concatenate([network.weights, -field.weights])


def _deviations(field: VectorField, h: Array, k: Array, w: Array, p: Array) -> Array:
    """||F_N - F|| at the states h (s, r): (s,)."""
    return np.linalg.norm((p * field.phi(h @ k.T)) @ w, axis=1)


def _gradients(field: VectorField, h: Array, k: Array, w: Array, p: Array) -> Array:
    """Half the gradients of ||F_N - F||^2 at the states h (s, r): (s, r)."""
    potentials = h @ k.T  # (s, n)
    difference = (p * field.phi(potentials)) @ w  # (s, r)
    return (p * field.phi.derivative(potentials, 1) * (difference @ w.T)) @ k
