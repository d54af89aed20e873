"""Wasserstein-1 distance between a cloud of locations and the law they are drawn from.

The classical route to the limit compares measures: W1(rho_N, rho), the cost of moving the mass of
rho_N = (1/N) sum delta_{x_j} onto rho, mass times distance. On the torus [-pi, pi)^d the distance is
that of the quotient, whose diameter is pi sqrt d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import (
    Array,
    finite_array,
    nonnegative,
    positive,
    positive_integer,
    probability,
    shaped,
)
from fieldlimit.concentration import mean_square, space_derivative_bound
from fieldlimit.field import Model
from fieldlimit.statements import states

LARGEST = 2000  # points an assignment may have: its cost matrix is N x N, its time of order N^3


def torus_diameter(dimension: int) -> float:
    """pi sqrt d, the largest distance of two points of the torus [-pi, pi)^d."""
    return math.pi * math.sqrt(positive_integer("dimension", dimension))


def ball_volume(dimension: int) -> float:
    """V_d = pi^(d/2) / Gamma(d/2 + 1), the volume of the unit ball of R^d."""
    return math.exp(_log_ball_volume(dimension))


def torus_distances(x: Array, y: Array) -> Array:
    """Distances on the torus between the rows of x (n, d) and of y (m, d) (angles), shape (n, m)."""
    x = shaped("x", x, (None, None))
    y = shaped("y", y, (None, x.shape[1]))
    square = np.zeros((len(x), len(y)))
    turn = 2 * np.pi
    # a coordinate at a time: memory n m, not n m d
    for one, other in zip((x % turn).T, (y % turn).T, strict=True):
        gap = np.abs(one[:, None] - other[None, :])
        square += np.minimum(gap, turn - gap) ** 2
    return np.sqrt(square)


# ---- what every cloud pays -----------------------------------------------------------------------


@states("thm-wasserstein-lower")
def wasserstein_lower(N: int, dimension: int, *, density: float | None = None) -> float:
    """W1(nu, rho) >= (d/(d+1)) (density V_d N)^(-1/d) for EVERY nu carried by N points.

    rho a law on R^d or a flat torus with a density of at most `density`; None: the uniform law on
    [-pi, pi)^d, (2 pi)^-d. Attained by equispaced points on the circle (thm-wasserstein-lower).
    """
    d = positive_integer("dimension", dimension)
    log_mass = _log_density(density, d) + _log_ball_volume(d)
    return d / (d + 1) * math.exp(-(log_mass + math.log(positive_integer("N", N))) / d)


@states("cor-wasserstein-neurons")
def neurons_for_wasserstein(
    epsilon: float, dimension: int, *, density: float | None = None
) -> float:
    """(d / ((d+1) epsilon))^d / (density V_d): no fewer points have W1(nu, rho) <= epsilon.

    A float, since it soon exceeds every integer of interest. density as in `wasserstein_lower`.
    """
    d = positive_integer("dimension", dimension)
    log_mass = _log_density(density, d) + _log_ball_volume(d)
    return math.exp(d * math.log(d / ((d + 1) * positive("epsilon", epsilon))) - log_mass)


@states("prop-wasserstein-lattice")
def lattice_wasserstein(side: int, dimension: int) -> float:
    """2 pi sqrt(d/12) / side >= W1(lattice, rho): N = side^d points in a cubic lattice on the torus.

    At most sqrt(pi e / 6) < 1.2 times `wasserstein_lower(N, d)`, whatever side and d: no cloud of N
    points is better by more than that (prop-wasserstein-lattice).
    """
    d = positive_integer("dimension", dimension)
    return 2 * math.pi * math.sqrt(d / 12) / positive_integer("side", side)


@states("thm-wasserstein-random")
def random_wasserstein(
    N: int, dimension: int, *, uniform: bool = True, delta: float | None = None
) -> float:
    """E W1(rho_N, rho) <= inf_t ( sqrt d min(sqrt(2t), pi/sqrt 3) + sqrt(S_d(t)/N) ).

    N independent locations of the uniform law rho on the torus [-pi, pi)^d; S_d(t) = sum over
    n != 0 in Z^d of e^(-2t |n|^2)/|n|^2. uniform=False: twice the first term, for every law on the
    torus. delta: a bound of
    W1(rho_N, rho) itself, with probability at least 1 - delta, by adding sqrt(2 L/N), and
    pi sqrt(d L/(2N)) for an arbitrary law. The infimum is over a grid, each point of which is a
    bound (thm-wasserstein-random).
    """
    d, N = positive_integer("dimension", dimension), positive_integer("N", N)
    times = np.geomspace(0.01 * N ** (-2 / d), 40.0, 400)
    sums = _smoothed_sums(times, d)
    if d == 1:  # no smoothing needed: S_1(0) = pi^2/3
        times, sums = np.append(times, 0.0), np.append(sums, np.pi**2 / 3)
    moved = math.sqrt(d) * np.minimum(np.sqrt(2 * times), math.pi / math.sqrt(3))
    mean = float(((1 if uniform else 2) * moved + np.sqrt(sums / N)).min())
    if delta is None:
        return mean
    L = -math.log(probability("delta", delta))
    return mean + (2.0 if uniform else torus_diameter(d)) * math.sqrt(L / (2 * N))


def random_constant(dimension: int) -> float:
    """C_d = sqrt(pi d) (d/(d-2)) ((d-2)/(2d))^(1/d): E W1 <= C_d N^(-1/d) (1 + o(1)) for d >= 3.

    The limit of N^(1/d) `random_wasserstein(N, d)`. Its ratio to that of `wasserstein_lower` is 1.73
    for d = 3, 1.18 for d = 20, and tends to sqrt(e/2) < 1.17. For every law: 2^(1 - 2/d) times as
    much (thm-wasserstein-random).
    """
    d = positive_integer("dimension", dimension, least=3)
    return math.sqrt(math.pi * d) * d / (d - 2) * ((d - 2) / (2 * d)) ** (1 / d)


# ---- the distance of given points ----------------------------------------------------------------


@states("prop-wasserstein-circle")
def circle_wasserstein(x: Array) -> float:
    """W1(rho_N, rho) on the circle, rho uniform: min_c of the integral of |G - c|, exactly.

    x (N, 1): angles in [-pi, pi). G is the difference of the distribution functions, counted from
    -pi; a median of its values is the best c. Between points G falls with slope -1/(2 pi), so the
    law of its values is a sum of intervals and the median comes from sorting: O(N log N), to
    rounding (prop-wasserstein-circle).
    """
    u = np.sort((shaped("x", x, (None, 1))[:, 0] + np.pi) / (2 * np.pi))
    if len(u) < 1 or u[0] < 0 or u[-1] > 1:
        raise ValueError(f"x holds angles in [-pi, pi), at least one, but x = {x}")
    level = np.arange(len(u) + 1) / len(u)
    upper = level - np.concatenate([[0.0], u])  # G right after a point
    lower = level - np.concatenate([u, [1.0]])  # and right before the next one
    c = _median(lower, upper)
    above, below = upper - c, lower - c
    return float(np.pi * np.sum(above * np.abs(above) - below * np.abs(below)))


def sample_wasserstein(x: Array, y: Array) -> float:
    """W1 of the empirical measures of x and y (N, d each) on the torus: the best matching, exactly.

    Between two clouds of equal size an optimal transport is a permutation; it costs O(N^3), so
    ValueError for more than 2000 points.
    """
    from scipy.optimize import linear_sum_assignment

    x = shaped("x", x, (None, None))
    y = shaped("y", y, x.shape)
    if not 1 <= len(x) <= LARGEST:
        raise ValueError(f"a matching has 1 to {LARGEST} points, but x has {len(x)}")
    costs = torus_distances(x, y)
    return float(costs[linear_sum_assignment(costs)].mean())


@dataclass(frozen=True)
class Bracket:
    """lower <= E W1(rho_N, rho) <= upper; error: the standard error of `upper`."""

    lower: float
    upper: float
    error: float


@states("prop-two-samples")
def two_sample_bracket(two_sample: Array) -> Bracket:
    """T/2 <= E W1(rho_N, rho) <= T for T = E W1(rho_N, rho_N'), two independent clouds.

    two_sample (n,): values of W1(rho_N, rho_N') for n independent pairs, whose mean estimates T.
    """
    values = finite_array("two_sample", two_sample)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"two_sample has shape (n,), n >= 2, but its shape is {values.shape}")
    mean, error = float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))
    return Bracket(mean / 2, mean, error)


# ---- from the cloud to the vector field ----------------------------------------------------------


@states("prop-lipschitz-route")
def field_lipschitz(model: Model, radius: float) -> float:
    """l = k1 (phi_0 + phi_1 omega R): ||F_N(h) - F(h)|| <= l W1(rho_N, rho) for all ||h|| <= R.

    For kernels of Fourier modes on the torus: k1 = sup ||D k_x|| is the Lipschitz constant of
    x -> k_x and, V being orthogonal, of x -> w_x (`space_derivative_bound`). phi_0 and phi_1 over
    |s| <= kappa R. Then l is a Lipschitz constant of x -> phi(h(x)) w_x (prop-lipschitz-route).
    """
    R, kernel = nonnegative("radius", radius), model.kernel
    first = space_derivative_bound(kernel, 1)  # type: ignore[arg-type]
    reach = kernel.kappa * R
    rate, slope = model.phi.sup(0, reach), model.phi.sup(1, reach)
    return first * (rate + slope * kernel.omega * R)


@states("prop-kernel-ball")
def kernel_discrepancy(N: int, *, trace: float, mean: float) -> float:
    """Root of E sup_{||f|| <= 1} (int f d(rho_N - rho))^2 = (tr Kop - ||int k_x drho||^2)/N, exactly.

    The supremum is over the unit ball of H; trace = tr Kop, mean = ||int k_x drho|| <= sqrt(trace)
    (prop-kernel-ball).
    """
    variance = nonnegative("trace", trace) - nonnegative("mean", mean) ** 2
    if variance < 0:
        raise ValueError(f"mean is at most sqrt(trace) = {math.sqrt(trace)}, but mean = {mean}")
    return math.sqrt(mean_square(N, trace=variance))


def _median(lower: Array, upper: Array) -> float:
    """A median of the law with density 1 on each [lower, upper], total mass 1."""
    ends = np.concatenate([lower, upper])
    order = np.argsort(ends, kind="stable")
    steps = np.concatenate([np.ones(len(lower)), -np.ones(len(upper))])[order]
    values = ends[order]
    mass = np.concatenate([[0.0], np.cumsum(np.cumsum(steps)[:-1] * np.diff(values))])
    return float(np.interp(0.5, mass, values))


def _log_ball_volume(dimension: int) -> float:
    d = positive_integer("dimension", dimension)
    return d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1)


def _log_density(density: float | None, d: int) -> float:
    return -d * math.log(2 * math.pi) if density is None else math.log(positive("density", density))


def _smoothed_sums(times: Array, d: int) -> Array:
    """S_d(t) = sum_{n != 0} e^(-2t |n|^2)/|n|^2 = 2 int_t^40 (theta(2s)^d - 1) ds at increasing times.

    theta(s) = sum_n e^(-s n^2), d of which make the sum over Z^d; what lies beyond 40 is below
    rounding. Eight Gauss nodes on each interval of log s; infinity where a float overflows.
    """
    nodes, weights = np.polynomial.legendre.leggauss(8)
    logs = np.log(times)
    centre, half = (logs[1:] + logs[:-1]) / 2, np.diff(logs) / 2
    s = np.exp(centre[:, None] + half[:, None] * nodes)
    with np.errstate(over="ignore"):
        values = 2 * s * np.expm1(d * np.log1p(_theta_less_one(2 * s)))
    parts = half * (values * weights).sum(axis=1)
    return np.append(np.cumsum(parts[::-1])[::-1], 0.0)


def _theta_less_one(s: Array) -> Array:
    """sum_{n != 0} e^(-s n^2), directly or by Poisson's formula, whichever needs fewer terms."""
    squares = np.arange(1, 8)[:, None, None] ** 2
    direct = 2 * np.exp(-squares * s).sum(axis=0)
    other = np.sqrt(np.pi / s) * (1 + 2 * np.exp(-squares * np.pi**2 / s).sum(axis=0)) - 1
    return np.where(s > np.pi, direct, other)
