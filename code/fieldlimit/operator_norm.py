"""The derivative in operator norm, D_op = ||DF_N(h) - DF(h)||, against the Hilbert-Schmidt norm.

One neuron contributes Y = phi'(h(x)) w_x (x) k_x; xi = Y - EY. Two covariances replace the one of
chapter 7: E xi xi* and E xi* xi, operators on H itself, both with trace s_1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldlimit.checks import nonnegative, positive, positive_integer, probability, shaped
from fieldlimit.concentration import concentration_deviation, fluctuation, guarantees
from fieldlimit.concentration.fluctuations import (
    Fluctuation,
    nodes_of_order,
    other_rules,
    replicate_error,
)
from fieldlimit.concentration.products import rates
from fieldlimit.field import Model, VectorField, neural_field
from fieldlimit.kernels import features
from fieldlimit.statements import states

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OperatorFluctuation:
    """xi as an operator on H: what the bounds of D_op ask for."""

    hs: Fluctuation  # the constants in Hilbert-Schmidt norm
    left: float  # ||E xi xi*||
    right: float  # ||E xi* xi||
    squares: float  # tr (E xi xi*)^2 + tr (E xi* xi)^2
    crossed: float  # E tr xi xi'* xi xi'*, xi' an independent copy
    fourth: float  # E tr (xi xi*)^2
    mean: float  # ||EY||, operator norm
    sup_op: float  # M_op: an upper bound of ess sup ||xi||
    replicates: tuple[OperatorFluctuation, ...] = ()  # the same from other rules

    @property
    def variance(self) -> float:
        """v_op = max(||E xi xi*||, ||E xi* xi||)."""
        return max(self.left, self.right)

    @property
    def weak(self) -> float:
        """A bound of sup Var <u, Y v> over unit u, v in H: the least of three."""
        return min(self.hs.top, self.left, self.right)

    def fourth_moment(self, N: int) -> float:
        """E tr (A A*)^2 for A = DF_N(h) - DF(h), exactly (thm-schatten)."""
        pairs = self.squares + self.crossed
        return (self.fourth + (positive_integer("N", N) - 1) * pairs) / N**3

    def error_of(self, functional: Callable[[OperatorFluctuation], float]) -> float:
        """Estimated quadrature error of a number computed from these constants; 0 when exact."""
        return replicate_error(functional(self), [functional(f) for f in self.replicates])


def operator_fluctuation(
    model: Model, h: ArrayLike, n: int | None = None, *, hs: Fluctuation | None = None
) -> OperatorFluctuation:
    """The constants of xi = Y - EY as an operator at h (r,), by a rule with about n nodes.

    Exact on a finite space, up to M_op, which is bounded by the least of ess sup ||xi||_HS and
    ess sup ||Y|| + ||EY||. Nothing larger than r x r is formed, besides the Gram matrix of
    `fluctuation`. hs: fluctuation(model, h, 1, n), if it is known. Raises ValueError when phi is not
    of class C^1.
    """
    space = model.kernel.space
    h = shaped("h", h, (model.kernel.rank,))
    hs = fluctuation(model, h, 1, n) if hs is None else hs
    rule = space.quadrature(nodes_of_order(space, 1) if n is None else n)
    whole = _constants(model, h, rule.nodes, rule.weights, hs)
    if rule.exact:
        return whole
    others = tuple(
        _constants(model, h, nodes, weights, part)
        for part, (nodes, weights) in zip(hs.replicates, other_rules(space, rule), strict=True)
    )
    whole = replace(whole, replicates=others)
    sup_op = min(hs.sup_xi, hs.sup_Y + whole.mean + whole.error_of(lambda f: f.mean))
    others = tuple(replace(f, sup_op=sup_op) for f in others)
    return replace(whole, sup_op=sup_op, replicates=others)


@states("thm-operator")
def operator_deviation(
    N: int, delta: float, *, trace: float, variance: float, sup_op: float
) -> float:
    """D_op <= sqrt(2 v L/N) + M L/(3N), L = log(2 s_1/(v delta)), with probability >= 1 - delta.

    trace = s_1, variance = v_op = max(||E xi xi*||, ||E xi* xi||), sup_op = M_op >= ess sup ||xi||.
    The trace stands inside the logarithm only: 2 s_1/v_op is the intrinsic dimension of the
    variance of the dilation. No threshold, no further factor. Raises ValueError when v_op > s_1,
    which no law satisfies.
    """
    L, v = _logarithm(delta, 1.0, trace, variance)
    M = nonnegative("sup_op", sup_op)
    return math.sqrt(2.0 * v * L / positive_integer("N", N)) + M * L / (3.0 * N)


def intrinsic_bernstein_deviation(
    N: int, delta: float, *, trace: float, variance: float, sup_op: float
) -> float:
    """The same from 4 d exp(-(t^2/2)/(v N + M t/3)) with d = 2 s_1/v (Tropp 2015, Theorem 7.3.1).

    That form claims nothing below t = sqrt(v N) + M/3; the t that solves it at a level delta < 1 is
    never smaller, since log(4 d/delta) > log 8 > 1. For comparison: `operator_deviation` is less.
    """
    L, v = _logarithm(delta, 4.0, trace, variance)
    third = nonnegative("sup_op", sup_op) * L / 3.0
    return (third + math.sqrt(third**2 + 2.0 * v * positive_integer("N", N) * L)) / N


@states("thm-schatten")
def schatten_deviation(
    N: int, delta: float, *, fourth_moment: float, trace: float, weak: float, sup_op: float
) -> float:
    """D_op <= mu + sqrt(2L(sigma^2/N + 2 M mu/N)) + ML/(3N), or (E tr(AA*)^2/delta)^(1/4): the less.

    mu = min{(E tr (AA*)^2)^(1/4), sqrt(s_1/N)} >= E D_op, A = DF_N(h) - DF(h), L = log(1/delta);
    weak = sigma^2 >= Var <u, Y v> for all unit u, v; sup_op = M_op. `fourth_moment` is an exact
    number, OperatorFluctuation.fourth_moment(N).
    """
    N = positive_integer("N", N)
    square = min(math.sqrt(nonnegative("fourth_moment", fourth_moment)), trace / N)  # mu^2
    markov = (fourth_moment / probability("delta", delta)) ** 0.25
    bousquet = concentration_deviation(N, delta, trace=N * square, top=weak, sup_xi=sup_op)
    return min(markov, bousquet)


def operator_guarantees(f: OperatorFluctuation, N: int, delta: float) -> Mapping[str, float]:
    """Every guarantee for D_op at level delta by name, its quadrature error included.

    "hilbert-schmidt" is the best of chapter 7, which bounds the larger norm.
    """
    bounds: dict[str, Callable[[OperatorFluctuation], float]] = {
        "bernstein": lambda f: operator_deviation(
            N, delta, trace=f.hs.trace, variance=f.variance, sup_op=f.sup_op
        ),
        "schatten": lambda f: schatten_deviation(
            N,
            delta,
            fourth_moment=f.fourth_moment(N),
            trace=f.hs.trace,
            weak=f.weak,
            sup_op=f.sup_op,
        ),
    }
    least = min(guarantees(f.hs, N, delta).values())
    return {
        "hilbert-schmidt": least,
        **{name: bound(f) + f.error_of(bound) for name, bound in bounds.items()},
    }


def sample_norms(
    model: Model,
    h: ArrayLike,
    N: int,
    n: int,
    *,
    rng: np.random.Generator,
    field: VectorField | None = None,
) -> tuple[Floats, Floats]:
    """Hilbert-Schmidt and operator norm of DF_N(h) - DF(h) for n networks: (n,), (n,)."""
    h = shaped("h", h, (model.kernel.rank,))
    target = (neural_field(model) if field is None else field).derivative(h) + np.eye(len(h))
    A = np.empty((positive_integer("n", n), *target.shape))
    for i in range(n):
        k, w = features(model.kernel, model.kernel.space.sample(N, rng=rng))
        A[i] = (rates(model.phi, k, h, 1)[:, None] * w).T @ k / N - target
    return np.linalg.norm(A, axis=(1, 2)), np.linalg.norm(A, ord=2, axis=(1, 2))


def top_by_products(
    model: Model, h: ArrayLike, n: int, tolerance: float = 1e-10
) -> tuple[float, int]:
    """||Sigma|| for m = 1 by Lanczos, and the number of products Sigma B that it took.

    Sigma B = E <xi, B> xi costs O(n r^2) with <Y, B> = phi' <w, B k>: neither the r^2 x r^2 matrix
    nor the n x n one is formed. Relative accuracy `tolerance`, from a fixed start.
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    h = shaped("h", h, (model.kernel.rank,))
    rule = model.kernel.space.quadrature(n)
    k, w = features(model.kernel, rule.nodes)
    w = rates(model.phi, k, h, 1)[:, None] * w
    r, count = k.shape[1], 0

    def product(B: Floats) -> Floats:
        nonlocal count
        count += 1
        inner = ((w @ B.reshape(r, r)) * k).sum(axis=1)  # <Y, B>
        inner = rule.weights * (inner - rule.weights @ inner)
        return ((inner[:, None] * w).T @ k).ravel()

    sigma = LinearOperator((r * r, r * r), matvec=product, dtype=float)
    start = np.cos(np.arange(r * r))  # no symmetry of a kernel annihilates it
    top = eigsh(sigma, k=1, tol=tolerance, v0=start, return_eigenvectors=False)[0]
    return float(top), count


def _logarithm(delta: float, factor: float, trace: float, variance: float) -> tuple[float, float]:
    """log(factor * 2 s_1/(v delta)) and v; (0, 0) when nothing fluctuates."""
    probability("delta", delta)
    if trace == 0.0 and variance == 0.0:
        return 0.0, 0.0
    if not 0.0 < variance <= trace * (1.0 + 1e-9):
        raise ValueError(f"0 < v_op <= s_1, but v_op = {variance} and s_1 = {trace}")
    return math.log(factor * 2.0 * positive("trace", trace) / (variance * delta)), variance


def _constants(
    model: Model, h: Floats, nodes: Floats, weights: Floats, hs: Fluctuation
) -> OperatorFluctuation:
    """When rho is the sum of the weights at the nodes; hs are its Hilbert-Schmidt constants."""
    k, w = features(model.kernel, nodes)
    w = rates(model.phi, k, h, 1)[:, None] * w  # Y = w (x) k
    K, W = (k**2).sum(axis=1), (w**2).sum(axis=1)
    mean = (weights[:, None] * w).T @ k  # EY, (r, r)
    G = mean @ mean.T
    left = np.linalg.eigvalsh((w.T * (weights * K)) @ w - G)
    right = np.linalg.eigvalsh((k.T * (weights * W)) @ k - mean.T @ mean)
    p = k @ mean.T  # EY k, (n, r)
    along, wG = (w * p).sum(axis=1), w @ G
    trG2 = float((G**2).sum())
    # tr (xi xi*)^2 with xi xi* = K w (x) w - w (x) p - p (x) w + G
    quartic = (K * W) ** 2 + 2.0 * along**2 + 2.0 * W * (p**2).sum(axis=1) + trG2
    quartic += 2.0 * K * (wG * w).sum(axis=1) - 4.0 * K * W * along - 4.0 * (wG * p).sum(axis=1)
    norm = float(np.linalg.norm(mean, ord=2))
    return OperatorFluctuation(
        hs=hs,
        left=float(left[-1]),
        right=float(right[-1]),
        squares=float((left**2).sum() + (right**2).sum()),
        crossed=hs.s[1] + trG2 - float(np.trace(G)) ** 2,
        fourth=float(weights @ quartic),
        mean=norm,
        sup_op=min(hs.sup_xi, hs.sup_Y + norm),
    )
