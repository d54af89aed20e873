"""The prediction beside the guarantees: N D^2 tends in law to a weighted chi-square (thm-clt)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldlimit.checks import positive_integer, probability
from fieldlimit.statements import states

Floats = NDArray[np.float64]

# Above this effective number of eigenvalues (sum)^2/(sum of squares) the law is nearly Gaussian
# and its characteristic function decays fast; below, the Laplace contour is the better one.
_MANY = 60.0


def chi_square_tail(x: ArrayLike, *, eigenvalues: ArrayLike) -> Floats:
    """P(sum_i lambda_i Z_i^2 > x) for independent standard normal Z_i; shape of x.

    Deterministic inversion, absolute error below 1e-9. Raises ValueError for eigenvalues that are
    negative, or of which none is positive.
    """
    weights = _weights(eigenvalues)  # (r,)
    levels = np.asarray(x, dtype=float)
    positive = np.maximum(levels.ravel() / weights.sum(), 1e-300)  # (n,), in units of the mean
    weights = weights / weights.sum()
    invert = _fourier if weights @ weights < 1.0 / _MANY else _laplace
    tail = np.where(levels.ravel() > 0.0, np.clip(invert(positive, weights), 0.0, 1.0), 1.0)
    return tail.reshape(levels.shape)


@states("thm-clt")
def chi_square_quantile(N: int, delta: float, *, eigenvalues: ArrayLike) -> float:
    """q with P(sqrt(sum_i lambda_i Z_i^2 / N) > q) = delta: the (1 - delta)-quantile that D nears.

    eigenvalues: those of Sigma, (r,). A prediction, not a guarantee (thm-clt).
    """
    N = positive_integer("N", N)
    probability("delta", delta)
    weights = _weights(eigenvalues)
    lower, upper = 0.0, float(weights.sum()) / delta  # Markov's inequality
    for _ in range(60):
        middle = 0.5 * (lower + upper)
        if float(chi_square_tail(middle, eigenvalues=weights)) <= delta:
            upper = middle
        else:
            lower = middle
    return math.sqrt(upper / N)


def _laplace(x: Floats, weights: Floats) -> Floats:
    """The tail from the Laplace transform prod_i (1 + 2 lambda_i z)^(-1/2) on a Talbot contour.

    The transform is analytic off a half-line, around which the contour bends (coefficients of
    Weideman and Trefethen, Math. Comp. 76, 2007): the error falls by 3.89 with each node, from a
    size that grows with the effective number of eigenvalues, hence the second term of `nodes`.
    """
    nodes = 28 + 2 * math.ceil(0.2 / float(weights @ weights))
    theta = (2.0 * np.arange(nodes // 2) + 1.0) * math.pi / nodes
    cot, csc2 = 1.0 / np.tan(0.6407 * theta), 1.0 / np.sin(0.6407 * theta) ** 2
    z = nodes * (-0.6122 + 0.5017 * theta * cot + 0.2645j * theta)  # the contour times x
    dz = nodes * (0.5017 * cot - 0.5017 * 0.6407 * theta * csc2 + 0.2645j)
    points = z / x[:, None]  # (n, nodes/2); the other half is conjugate
    roots = 0.5 * np.log(1.0 + 2.0 * points[:, :, None] * weights).sum(axis=2)
    terms = np.exp(z - roots) * dz / z  # dz/z = d(points)/points
    return 1.0 - (2.0 / nodes) * terms.imag.sum(axis=1)


def _fourier(x: Floats, weights: Floats) -> Floats:
    """The tail from the characteristic function by the midpoint rule (Imhof 1961, Davies 1973).

    1/2 + (1/pi) int sin(theta(u)) / (u r(u)) du. The rule with step h errs by a tail probability
    beyond 2 pi/h, here 40 standard deviations out; it stops where 1/r(u) < 1e-14.
    """
    deviation = math.sqrt(2.0 * float(weights @ weights))
    h = 2.0 * math.pi / (float(x.max()) + 1.0 + 40.0 * deviation)
    last = h
    while np.log1p(4.0 * (weights * last) ** 2).sum() < 4.0 * 32.3:  # exp(-32.3) = 1e-14
        last *= 1.2
    u = h * (np.arange(math.ceil(last / h)) + 0.5)  # (k,)
    turns = 2.0 * np.multiply.outer(u, weights)  # (k, r)
    phase = 0.5 * np.arctan(turns).sum(axis=1)
    decay = np.exp(-0.25 * np.log1p(turns**2).sum(axis=1)) / u
    return 0.5 + (h / math.pi) * np.sin(phase - np.multiply.outer(x, u)) @ decay


def _weights(eigenvalues: ArrayLike) -> Floats:
    weights = np.atleast_1d(np.asarray(eigenvalues, dtype=float))
    if not np.isfinite(weights).all() or weights.max(initial=0.0) <= 0.0:
        raise ValueError(f"eigenvalues are finite and one is positive, but they are {weights}")
    smallest = float(weights.min())
    if smallest < -1e-10 * weights.max():  # below the rounding of a positive matrix
        raise ValueError(f"eigenvalues of a covariance are >= 0, but the least is {smallest}")
    return weights[weights > 1e-15 * weights.max()]
