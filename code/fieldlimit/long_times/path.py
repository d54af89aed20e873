"""The deviation along a trajectory of the field, at all its times at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, nonnegative, positive_integer, probability, shaped
from fieldlimit.concentration import (
    Fluctuation,
    best_deviation,
    concentration_deviation,
    fluctuation,
    mcdiarmid_deviation,
)
from fieldlimit.field import Model, flow, neural_field
from fieldlimit.kernels import features
from fieldlimit.spaces import coarser_rules, disagreement
from fieldlimit.statements import states

NODES = 512  # of the rule for rho on a path, where the caller names no other


@dataclass(frozen=True, eq=False)
class PathConstants:
    """What prop-path asks of a path h_t in H, 0 <= t <= inf; Y_t = phi(h_t(x)) w_x, xi_t = Y_t - EY_t.

    begin, end: of Y_0 and of Y_inf. change, change_weak: int sqrt(tr Sigma'_t) dt and
    int sqrt(||Sigma'_t||) dt with Sigma'_t = Cov dY_t/dt; change_sup: sup over x of
    int ||d xi_t/dt|| dt. weak: sup_t ||Sigma_t||; sup_Y, sup_xi: sups of ||Y_t|| and of ||xi_t||
    over x and t.
    """

    begin: Fluctuation
    end: Fluctuation
    change: float
    change_weak: float
    change_sup: float
    weak: float
    sup_Y: float
    sup_xi: float

    @property
    def length(self) -> float:
        """theta: half the sum of sqrt(s_1) at both ends of the path and of `change`."""
        begin, end = (
            math.sqrt(f.trace) + f.error_of(lambda f: math.sqrt(f.trace))
            for f in (self.begin, self.end)
        )
        return (begin + end + self.change) / 2.0

    def mean(self, N: int) -> float:
        """E sup_t ||F_N(h_t) - F(h_t)|| <= length / sqrt N."""
        return self.length / math.sqrt(positive_integer("N", N))


@states("prop-path")
def path_deviation(constants: PathConstants, N: int, delta: float) -> float:
    """sup_t ||F_N(h_t) - F(h_t)|| <= this, with probability >= 1 - delta.

    The least of: thm-concentration and thm-mcdiarmid for the whole path, with length^2 for s_1, weak
    for ||Sigma||, and sups over the path; and chapter 7's best bound at one end plus
    thm-concentration for the variation, at delta/2 each. No point of the path costs a logarithm.
    """
    c, half = constants, probability("delta", delta) / 2
    variation = concentration_deviation(
        N, half, trace=c.change**2, top=c.change_weak**2, sup_xi=c.change_sup
    )
    trace = c.length**2
    return min(
        concentration_deviation(N, delta, trace=trace, top=c.weak, sup_xi=c.sup_xi),
        mcdiarmid_deviation(N, delta, trace=trace, sup=c.sup_Y),
        min(best_deviation(f, N, half).deviation for f in (c.begin, c.end)) + variation,
        c.sup_xi,
    )


def path_constants(
    model: Model,
    start: Array,
    duration: float,
    *,
    end: Fluctuation,
    rest: float = 0.0,
    steps: int = 256,
    n: int = NODES,
) -> PathConstants:
    """The constants along the trajectory of F from `start` (r,) over [0, duration] and beyond.

    end: the fluctuation where the path ends. rest: a bound of int ||h_t'|| dt from `duration` to
    infinity. The time integral is Simpson's rule with `steps` intervals (a multiple of 4), and rho
    has about n nodes; the estimated error, the difference from coarser rules, is added for each.
    """
    start = shaped("start", start, (model.kernel.rank,))
    times = np.linspace(0.0, duration, 4 * (positive_integer("steps", steps) // 4) + 1)
    h = flow(neural_field(model, n), start, times, rtol=1e-9, atol=1e-11)
    space, kernel = model.kernel.space, model.kernel
    rule = space.quadrature(n)
    fine = _along(model, h, rule.nodes, rule.weights, duration)
    wrong = np.zeros(3)
    if not rule.exact:
        coarser = coarser_rules(space, rule)
        others = [_along(model, h, q.nodes, q.weights, duration)[:3] for q in coarser]
        wrong = disagreement(fine[:3], others)
    tail = model.phi.sup(1) * kernel.kappa * kernel.omega * nonnegative("rest", rest)
    change, change_weak, weak = fine[:3] + wrong + tail
    change_sup, sup_Y, sup_xi = fine[3:6] + np.array([2.0, 1.0, 2.0]) * tail
    if not rule.exact:
        between = float(np.linalg.norm(np.diff(h, axis=0), axis=1).max())
        reach = kernel.kappa * (float(np.linalg.norm(h, axis=1).max()) + between + rest)
        change_sup = (
            2.0 * model.phi.sup(1, reach) * kernel.kappa * kernel.omega * (float(fine[6]) + rest)
        )
        sup_Y = kernel.omega * model.phi.sup(0, reach)
        sup_xi = 2.0 * sup_Y
    found = (change, change_weak, change_sup, weak**2, sup_Y, sup_xi)
    begin = fluctuation(model, start, 0, n)
    return PathConstants(begin, end, *(float(value) for value in found))


def _along(model: Model, h: Array, nodes: Array, weights: Array, duration: float) -> Array:
    """change, change_weak, sqrt(weak), change_sup, sup_Y, sup_xi, arc length of the path h (T, r).

    rho is the sum of the weights at the nodes. Between two times, suprema move by at most half a
    step times the largest derivative, which is added.
    """
    k, w = features(model.kernel, nodes)
    potential, norms = h @ k.T, np.linalg.norm(w, axis=1)  # (T, n), (n,)
    rates = model.phi(potential)
    velocity = -h + model.I + (weights * rates) @ w  # (T, r)
    rates_changing = model.phi.derivative(potential, 1) * (velocity @ k.T)
    now = np.array([_spread(c, w, weights) for c in rates])  # (T, 3): trace, top, sup
    moving = np.array([_spread(c, w, weights) for c in rates_changing])
    step = duration / (len(h) - 1)
    jump = step / 2 * moving[:, 1:].max(axis=0)  # of sqrt ||Sigma|| and of sup ||xi||
    return np.array([
        _integral(moving[:, 0], step),
        _integral(moving[:, 1], step),
        now[:, 1].max() + jump[0],
        _integral(moving[:, 2], step),
        (rates * norms).max() + step / 2 * (np.abs(rates_changing) * norms).max(),
        now[:, 2].max() + jump[1],
        _integral(np.linalg.norm(velocity, axis=1), step),
    ])  # fmt: skip


def _spread(c: Array, w: Array, weights: Array) -> tuple[float, float, float]:
    """Roots of the trace and of the norm of Cov(c(x) w_x), and sup ||c w - E c w|| over the nodes."""
    xi = c[:, None] * w
    xi = xi - weights @ xi
    covariance = xi.T @ (weights[:, None] * xi)
    top = max(float(np.linalg.eigvalsh(covariance)[-1]), 0.0)
    return math.sqrt(np.trace(covariance)), math.sqrt(top), float(np.linalg.norm(xi, axis=1).max())


def _integral(values: Array, step: float) -> float:
    """Simpson's rule for 4 k + 1 values (T,), plus its difference from that with half of them."""

    def rule(v: Array, s: float) -> float:
        return float(s / 3 * (v[0] + v[-1] + 4 * v[1:-1:2].sum() + 2 * v[2:-1:2].sum()))

    fine = rule(values, step)
    return fine + abs(fine - rule(values[::2], 2 * step))
