"""The rate network against the field: Gronwall's inequality, and what one-sided constants gain."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import Array, finite, nonnegative, positive_integer, probability
from fieldlimit.classical.growth import elapsed, growth
from fieldlimit.field import VectorField, bounded_sup
from fieldlimit.statements import states


@states("thm-gronwall")
def gronwall_bound(t: ArrayLike, *, rate: float, deviation: float, start: float = 0.0) -> Array:
    """||h_N(t) - h(t)|| <= D (e^{mu t} - 1)/mu + e^{mu t} d.

    rate = mu, a one-sided Lipschitz constant of F_N (Lambda - 1 always is one); deviation = D >=
    ||F_N(h(s)) - F(h(s))|| for s <= t; start = d = ||h_N(0) - h(0)||. With D = sqrt(sup s_1/N) it
    bounds the root mean square over networks, for a mu that holds for all of them; with D of
    `trajectory_deviation` it holds with probability >= 1 - delta. t >= 0 of any shape, in units of
    tau. Source: thm-gronwall.
    """
    t, rate = elapsed(t), finite("rate", rate)
    with np.errstate(over="ignore"):
        initial = nonnegative("start", start) * np.exp(rate * t) if start else 0.0
    return nonnegative("deviation", deviation) * growth(rate, t) + initial


def trajectory_deviation(
    N: int, delta: float, *, trace: float, phi_0: float, omega: float
) -> float:
    """phi_0 (sqrt(tr Wop) + omega sqrt(2L))/sqrt N, L = log(1/delta): part 3 of thm-gronwall.

    One number for the whole trajectory: not the largest deviation along it, but the one that
    `gronwall_bound` may be given at any one time t, with probability >= 1 - delta.
    """
    L = -math.log(probability("delta", delta))
    root = math.sqrt(nonnegative("trace", trace)) + nonnegative("omega", omega) * math.sqrt(2 * L)
    return nonnegative("phi_0", phi_0) * root / math.sqrt(positive_integer("N", N))


def spread_along(field: VectorField, path: Array) -> Array:
    """sigma(s) = sqrt(s_1) at the states h(s): N E||F_N(h) - F(h)||^2 = s_1. path (T, r) -> (T,).

    s_1 = int ||w_x||^2 phi(h(x))^2 rho(dx) - ||int w_x phi(h(x)) rho(dx)||^2, by the field's nodes.
    """
    rates = field.phi(field.potentials(path))  # (T, n)
    mass = field.weights * np.sum(field.w**2, axis=1)
    means = (rates * field.weights) @ field.w
    return np.sqrt(np.maximum(rates**2 @ mass - np.sum(means**2, axis=1), 0.0))


@states("prop-one-sided")
def one_sided_constant(field: VectorField) -> float:
    """mu = -1 + (phi_1/4) ||sum_i p_i (c k_i + w_i/c) (x) (c k_i + w_i/c)||, for F or for F_N.

    c^4 = sum_i p_i ||w_i||^2 / sum_i p_i ||k_i||^2, which is 1 in native features; then
    mu <= Lambda - 1. <F(g) - F(h), g - h> <= mu ||g - h||^2 for all g, h, when phi does not decrease
    (as all nonlinearities of the library). In native features of a symmetric kernel k + w is twice
    the part of k in the positive eigenspaces: inhibition does not count. Raises ValueError when phi'
    is unbounded. Source: prop-one-sided.
    """
    slope = bounded_sup(field.phi, 1)
    trace_k, trace_w = (float(field.weights @ np.sum(v**2, axis=1)) for v in (field.k, field.w))
    if trace_k == 0 or trace_w == 0:
        return -1.0  # nobody listens, or nobody speaks
    c = (trace_w / trace_k) ** 0.25
    both = c * field.k + field.w / c
    matrix = both.T @ (field.weights[:, None] * both)
    return slope / 4 * float(np.linalg.eigvalsh(matrix)[-1]) - 1.0
