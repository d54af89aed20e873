"""Models that many tests share. Every literal is arbitrary and fixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldlimit.field import Model
from fieldlimit.kernels import population_kernel, power_law, torus_kernel
from fieldlimit.nonlinearities import Logistic


@dataclass(frozen=True, eq=False)
class Point:
    """A model and a state at which a statement is tested."""

    model: Model
    h: NDArray[np.float64]  # (r,)


@pytest.fixture(scope="session")
def populations() -> Point:
    """Four populations of unequal sizes with couplings of both signs: every constant is exact."""
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    J = np.array(
        [
            [1.5, -2.0, 0.5, 0.3],
            [1.0, -1.0, 0.8, -0.2],
            [0.7, -1.5, 1.2, 0.1],
            [2.0, -0.5, 0.4, -0.6],
        ]
    )
    return Point(
        Model(population_kernel(J, weights), Logistic(2.0, 1.0)), np.array([0.3, -0.5, 1.0, 0.2])
    )


@pytest.fixture(scope="session")
def torus() -> Point:
    """Eleven modes of a power-law spectrum on the 2-torus, a state of norm about 1."""
    kernel = torus_kernel(power_law(5, 1.5), 2)
    h = np.random.default_rng(7).standard_normal(kernel.rank) * 0.3
    return Point(Model(kernel, Logistic(1.0, 4.0)), h)


@pytest.fixture(params=["populations", "torus"])
def point(request: pytest.FixtureRequest) -> Point:
    """Each of the two test beds: a finite space and a torus."""
    return request.getfixturevalue(request.param)
