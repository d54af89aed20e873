"""Networks of many kinds for the tests of the simulator: random features, populations, odd phi."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fieldlimit.field import Model, VectorField, finite_network
from fieldlimit.kernels import cosine_ring, population_kernel, power_law, shifted_ring, torus_kernel
from fieldlimit.nonlinearities import ErrorFunction, Exponential, Logistic, ThresholdLinear

RING = Model(cosine_ring(-1.0, 6.0), Logistic(1.0, 4.0))


@dataclass(frozen=True)
class Hump:
    """phi(h) = rate exp(-h^2), neither increasing nor with an inverse: only phi_0 and phi_1 are known."""

    rate: float = 2.0
    smoothness = math.inf
    bounded = True

    def __call__(self, h):
        return self.rate * np.exp(-(np.asarray(h) ** 2))

    def derivative(self, h, m):
        raise NotImplementedError

    def sup(self, m, radius=math.inf):
        return self.rate * (1.0, math.sqrt(2 / math.e))[m]


@dataclass(frozen=True)
class Cliff(Hump):
    """phi jumps: it has a bound and nothing else."""

    def __call__(self, h):
        return self.rate * (np.asarray(h) > 0.3)

    def sup(self, m, radius=math.inf):
        return self.rate if m == 0 else math.inf


def low_rank(N, rank, rng, phi):
    """Random features, k and w unrelated and of unequal lengths."""
    k, w = rng.normal(size=(2, N, rank))
    return VectorField(
        k, w * 2 / np.sqrt(rank), np.full(N, 1 / N), phi, 0.3 * rng.normal(size=rank)
    )


def some_network(case, rng):
    """One of many kinds, of a random size."""
    N = int(np.exp(rng.uniform(0, np.log(1500))))
    phi = [Logistic(1.0, 4.0), ErrorFunction(2.0, 1.5, 0.4), Hump(), ThresholdLinear(1.0), Cliff()]
    phi = [*phi, Exponential(0.3, 0.5)][case % 6]
    if case % 4 == 0:
        return low_rank(N, int(rng.integers(1, 20)), rng, phi)
    kernels = [
        shifted_ring(-1.0, 2.0, 0.4),
        torus_kernel(power_law(6, 1.0), 2),
        population_kernel([[0.8, -0.5], [0.9, -0.2]], [0.7, 0.3]),
    ]
    kernel = kernels[case % 4 - 1]
    return finite_network(Model(kernel, phi, 0.4 * rng.normal(size=kernel.rank)), N, rng=rng)
