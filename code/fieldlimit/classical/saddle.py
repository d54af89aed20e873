"""A memory of one bit, in which Gronwall's exponential is attained."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import Array, finite, nonnegative, positive, positive_integer
from fieldlimit.classical.growth import growth
from fieldlimit.kernels import FiniteRankKernel, table_kernel
from fieldlimit.statements import states


def sign_kernel(J: float) -> FiniteRankKernel:
    """w(x, y) = J x y on the signs x = -1, +1, equally probable: k_x = sqrt|J| x, w_y = J y/sqrt|J|.

    H = R; J > 0: neurons of equal sign excite each other, and h = <pattern> sqrt J has two wells
    where J phi' > 1 at 0. J < 0: they inhibit each other. The points 0 and 1 of the finite space
    are the signs -1 and +1.
    """
    finite("J", J)
    root = math.sqrt(positive("|J|", abs(J)))
    signs = np.array([[-1.0], [1.0]])
    return table_kernel(root * signs, J / root * signs)


@states("prop-saddle")
def saddle_error(N: int, t: ArrayLike, *, J: float, slope: float, level: float) -> Array:
    """sqrt(N E h_N(t)^2) / sqrt N = sqrt(J/N) level (e^{mu t} - 1)/mu, mu = J slope - 1.

    The sign memory started at 0, where the field stays: slope = phi'(0) = phi_1, level = phi(0).
    Equality with thm-gronwall, parts 1 and 2: exact while phi is affine between the potentials
    -+sqrt(J) h_N, and as N grows at fixed t for every phi in C^1. Source: prop-saddle.
    """
    J, slope = positive("J", J), positive("slope", slope)
    scale = math.sqrt(J / positive_integer("N", N)) * nonnegative("level", level)
    return scale * growth(J * slope - 1.0, t)


def escape_time(mean_sign: float, reach: float, *, J: float, slope: float, level: float) -> float:
    """When |h_N| = reach in the affine range: (1/mu) log(1 + mu reach/(sqrt J level |mean_sign|)).

    mean_sign: the mean of the signs of the network's neurons, of size N^{-1/2}: the time grows
    with log N/(2 mu). Infinite when it is 0. Needs mu = J slope - 1 > 0.
    """
    rate = positive("mu = J slope - 1", positive("J", J) * slope - 1.0)
    push = math.sqrt(J) * positive("level", level) * abs(finite("mean_sign", mean_sign))
    return math.inf if push == 0 else math.log1p(rate * positive("reach", reach) / push) / rate
