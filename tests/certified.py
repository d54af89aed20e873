"""Models whose certificates many tests look at, with their constants."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from fieldlimit.certify import certificate_constants, settled_state
from fieldlimit.explorables.certified_ball import populations
from fieldlimit.field import Model, neural_field
from fieldlimit.fixed_points import fixed_points
from fieldlimit.kernels import power_law, torus_kernel
from fieldlimit.nonlinearities import Logistic

DELTA = 0.05


def circle_model(pairs=5):
    r = 1 + 2 * pairs
    return Model(
        torus_kernel(power_law(pairs, 2.0), 1), Logistic(gain=2.0), 0.2 * np.ones(r) / np.sqrt(r)
    )


@lru_cache(maxsize=1)
def circle_constants():
    model = circle_model()
    return certificate_constants(model, settled_state(model, rng=np.random.default_rng(0)))


@lru_cache(maxsize=1)
def plane_constants():
    """The silent state, the active one and the saddle of two populations."""
    model = populations(2.5)
    found = fixed_points(neural_field(model), rng=np.random.default_rng(1)).points
    return tuple(certificate_constants(model, point.h) for point in found)
