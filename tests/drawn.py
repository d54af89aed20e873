"""Models that no constant was tuned on, drawn from a seed: spaces, kernels of either sign, gains, inputs."""

from __future__ import annotations

import numpy as np

from fieldlimit.field import Model
from fieldlimit.kernels import (
    finite_rank_kernel,
    gaussian_kernel,
    population_kernel,
    shifted_ring,
    torus_kernel,
    zonal_kernel,
)
from fieldlimit.nonlinearities import ErrorFunction, Logistic
from fieldlimit.spaces import Cube, GaussianSpace


def drawn_model(seed: int) -> Model:
    """Tori and spheres up to d = 20, populations, a shifted ring, Gaussian and box kernels."""
    rng = np.random.default_rng([131, seed])
    phi = (Logistic, ErrorFunction)[seed % 2](
        rng.uniform(0.5, 1.5), rng.uniform(0.5, 3.0), rng.uniform(-0.5, 0.5)
    )
    if seed % 12 == 8:  # two populations that excite themselves: several stable states and saddles
        J = np.array([[5.0, -2.0], [-2.0, 5.0]]) + 0.3 * rng.standard_normal((2, 2))
        kernel = population_kernel(J, rng.dirichlet(20 * np.ones(2)))
        return Model(kernel, Logistic(gain=4.0), -1.0 + 0.1 * rng.standard_normal(2))
    match seed % 6:
        case 0 | 1:
            d = int(rng.choice([1, 2, 3, 5, 10, 20]))
            signs = rng.choice([-1.0, 1.0], size=5) if seed % 4 else np.ones(5)
            kernel = torus_kernel(signs * rng.uniform(0.1, 1.0, 5), d)
        case 2:
            size = int(rng.integers(2, 6))
            kernel = population_kernel(
                rng.choice([2, 6]) * rng.standard_normal((size, size)),
                rng.dirichlet(3 * np.ones(size)),
            )
        case 3:
            kernel = zonal_kernel(int(rng.integers(3, 20)), rng.uniform(-1, 1, 2))
        case 4:
            kernel = shifted_ring(rng.normal(), 2 * rng.normal(), rng.uniform(-1, 1))
        case _ if seed % 12 == 5:
            kernel = gaussian_kernel(GaussianSpace(int(rng.integers(1, 4))), 1.5, 5)
        case _:
            kernel = _bumps(int(rng.integers(1, 4)), rng)
    return Model(kernel, phi, 0.3 * rng.standard_normal(kernel.rank))


def _bumps(d: int, rng: np.random.Generator):
    """Four bumps in a box, read with one set of weights and written with another."""
    centres = rng.random((4, d))
    mix = rng.standard_normal((4, 4))

    def a(x):
        return np.exp(-8 * ((x[:, None, :] - centres) ** 2).sum(axis=2))

    omega = 2.0 * float(np.linalg.norm(mix, 2))  # each bump is at most 1, so four have norm <= 2
    return finite_rank_kernel(Cube(d), a, lambda x: a(x) @ mix.T, kappa=2.0, omega=omega)
