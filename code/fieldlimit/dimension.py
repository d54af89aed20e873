"""At equal spectrum: what of a network's dynamics depends on the dimension of its space, and what does not.

One experiment for `fieldlimit.sweeps`: networks on the d-torus whose kernel has the same eigenvalues in
every d. Measured are the distance of the network's fixed point from the field's, how far the leading
eigenvalue and the whole derivative have moved there, and the distance between two clouds of locations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fieldlimit.checks import Array, positive_integer
from fieldlimit.field import Model, finite_network, neural_field
from fieldlimit.fixed_points import fixed_points, newton
from fieldlimit.kernels import power_law, torus_kernel
from fieldlimit.nonlinearities import Logistic
from fieldlimit.wasserstein import sample_wasserstein, torus_diameter

PAIRS = 10  # 21 modes
INPUT = 0.2  # norm of the input, which has an equal part in every mode


@dataclass(frozen=True, eq=False)
class State:
    """A model on the d-torus, its stable state h (r,) and A = DF(h) (r, r), which is symmetric."""

    model: Model
    h: Array
    A: Array


@lru_cache(maxsize=32)
def equal_spectrum(d: int, decay: float, gain: float = 2.0) -> State:
    """Eigenvalues (1 + j)^(-decay) on the d-torus, symmetric and positive, so DF is self-adjoint."""
    r = 1 + 2 * PAIRS
    model = Model(
        torus_kernel(power_law(PAIRS, decay), d),
        Logistic(gain=gain),
        INPUT * np.ones(r) / np.sqrt(r),
    )
    coarse, F = neural_field(model, 1024), neural_field(model)
    near = fixed_points(coarse, rng=np.random.default_rng(0), starts=6).stable[0].h
    h = newton(F, near[None])[0]
    return State(model, h, F.derivative(h))


def displacement(
    *, N: int, d: int, decay: float, networks: int, rng: np.random.Generator
) -> Mapping[str, Array]:
    """Of `networks` networks of N neurons each: ||h*_N - h*||, the eigenvalue's shift, and W1.

    distance, shift, derivative, each (networks,): ||h*_N - h*||, the distance between the leading
    eigenvalues of DF_N(h*_N) and of A = DF(h*), and ||DF_N(h*_N) - A||, which bounds the shift of
    every eigenvalue; inf where Newton's method finds no zero. wasserstein: W1 between two clouds of N
    locations, in units of the diameter of the torus; E W1(rho_N, rho) lies between half its mean and
    its mean (prop-two-samples).
    """
    state = equal_spectrum(d, decay)
    leading = np.linalg.eigvalsh(state.A)[-1]
    distance, shift, derivative = np.full((3, positive_integer("networks", networks)), np.inf)
    for i in range(networks):
        network = finite_network(state.model, N, rng=rng)
        g = newton(network, state.h[None])[0]
        if np.linalg.norm(network(g)) < 1e-9:
            distance[i] = np.linalg.norm(g - state.h)
            A = network.derivative(g)
            shift[i] = abs(np.linalg.eigvalsh(A)[-1] - leading)
            derivative[i] = np.linalg.norm(A - state.A, 2)
    clouds = (state.model.kernel.space.sample(N, rng=rng) for _ in range(2))
    apart = sample_wasserstein(*clouds) / torus_diameter(d)
    return {
        "distance": distance,
        "shift": shift,
        "derivative": derivative,
        "wasserstein": np.array(apart),
    }
