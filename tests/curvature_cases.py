"""Models whose curvature is known, bends of a majorant, and what tests ask of them."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from drawn import drawn_model
from fieldlimit.explorables.certified_ball import populations
from fieldlimit.field import Model, neural_field
from fieldlimit.fixed_points import (
    Bend,
    curvature_at,
    fixed_point_constants,
    fixed_points,
    local_certificate,
    newton,
)
from fieldlimit.kernels import power_law, torus_kernel
from fieldlimit.nonlinearities import Logistic

DELTA = 0.05


@lru_cache(maxsize=4)
def case(name: str):
    """A model, its constants and its curvature: the circle, two populations, a torus, many bumps."""
    if name == "circle":
        r = 21
        model = Model(
            torus_kernel(power_law(10, 2.0), 1), Logistic(gain=2.0), 0.2 * np.ones(r) / r**0.5
        )
    else:
        model = populations(2.5) if name == "plane" else drawn_model(int(name))
    points = fixed_points(neural_field(model, 1024), rng=np.random.default_rng(1), starts=12).points
    h = newton(neural_field(model), points[0].h[None], steps=8)[0]
    constants = fixed_point_constants(model, h)
    return model, constants, curvature_at(model, constants)


BENDS = [
    Bend(math.inf, 0.3, 1.0),  # a cubic
    Bend(1.5, 0.2, 9.0),  # a parabola from t = 0.14 on
    Bend(2.0, 0.0, 40.0),  # flat at the centre
    Bend(0.7, 0.7, 3.0),  # a parabola
    Bend(math.inf, 0.0, 5.0),
]


def zero_of(p, low, high):
    from scipy.optimize import brentq

    return brentq(p, low, high, xtol=1e-15, rtol=1e-14)


def second_derivative(network, B, f):
    """The tensor of B D^2F_N(f), (r, r^2), by the definition."""
    bends = network.weights * network.phi.derivative(network.potentials(f), 2)
    T = np.einsum("n,na,nb,nc->abc", bends, network.w @ B.T, network.k, network.k, optimize=True)
    return T.reshape(len(f), -1)


def longest(T, rng):
    """A lower estimate of sup ||T[u, v]||, by alternating maximisation from ten starts."""
    r, best = len(T), 0.0
    T = T.reshape(r, r, r)
    for v in rng.standard_normal((10, r)):
        for _ in range(30):
            _, sizes, right = np.linalg.svd(T @ (v / np.linalg.norm(v)))
            v = right[0]
        best = max(best, sizes[0])
    return best


def least_size(name, q=1.0, route=local_certificate):
    """The least N, from 2 on in steps of 2 %, at which q is smaller."""
    _, constants, curvature = case(name)
    parts = (constants, curvature) if route is local_certificate else (constants,)
    N = 2
    while not route(*parts, N, DELTA).q < q:
        N = max(N + 1, int(1.02 * N))
    return N
