"""The fluctuation of one neuron's contribution, and the constants of it that bounds ask for.

Y_x = phi^(m)(h(x)) w_x (x) k_x^(x)m is what a neuron at x adds to D^m F_N(h): a vector of H for
m = 0, a Hilbert-Schmidt tensor for m >= 1. Every constant needs inner products alone,
    <Y_x, Y_y> = phi^(m)(h(x)) phi^(m)(h(y)) <w_x, w_y> <k_x, k_y>^m,
so one code serves every m.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from operator import attrgetter

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldlimit.checks import positive_integer, shaped
from fieldlimit.concentration.moments import Moments, moments_of_square
from fieldlimit.concentration.products import JointProducts, Products, products
from fieldlimit.field import Model
from fieldlimit.quadrature import SCRAMBLES, Quadrature
from fieldlimit.spaces import SimilaritySpace, coarser_rules

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fluctuation:
    """xi = Y - EY: covariance Sigma, s_j = tr Sigma^j, norms and moments (theory of chapter 7)."""

    s: tuple[float, float, float]  # s_1, s_2, s_3
    top: float  # ||Sigma||
    sup_xi: float  # M: an upper bound of ess sup ||xi||, exact on a finite space
    sup_Y: float  # M_Y: an upper bound of ess sup ||Y||, exact on a finite space
    e4: float  # E||xi||^4
    e6: float  # E||xi||^6
    a: float  # E||xi||^2 <xi, Sigma xi>
    b: float  # ||E ||xi||^2 xi||^2
    c: float  # E<xi, xi'>^3, xi' an independent copy
    mean: float  # ||EY||
    eigenvalues: Floats  # of Sigma, decreasing
    replicates: tuple[Fluctuation, ...] = ()  # the same from other rules; none when exact

    @property
    def trace(self) -> float:
        """s_1 = E||xi||^2."""
        return self.s[0]

    def moments(self, N: int) -> Moments:
        """E D^2, E D^4, E D^6 for N neurons."""
        return moments_of_square(
            N, s=self.s, e4=self.e4, e6=self.e6, a=self.a, b=self.b, c=self.c
        )  # fmt: skip

    def error_of(self, functional: Callable[[Fluctuation], float]) -> float:
        """Estimated quadrature error of a number computed from these constants: `replicate_error`.

        0 when exact. An estimate, no bound: see `fluctuation` for what it cannot see.
        """
        return replicate_error(functional(self), [functional(f) for f in self.replicates])

    @property
    def error(self) -> Mapping[str, float]:
        """Estimated quadrature error of each constant, by name (s as s1, s2, s3)."""
        names = [f.name for f in fields(self) if f.type == "float"]
        errors = {name: self.error_of(attrgetter(name)) for name in names}
        for j in range(3):
            errors[f"s{j + 1}"] = self.error_of(partial(_power_trace, j))
        return errors


def fluctuation(model: Model, h: ArrayLike, m: int = 0, n: int | None = None) -> Fluctuation:
    """The constants of xi at h for the derivative of order m, by a rule with about n nodes.

    h (r,). Exact on a finite space; elsewhere `error` estimates the quadrature error. The sups do
    not come from nodes: sup_Y = kappa^m omega sup |phi^(m)(s)| over |s| <= kappa ||h||, and
    sup_xi = min(2 sup_Y, sup_Y + ||EY||). Cost O(n^2 r), memory O(n min(n, r^(1+m))).

    Limitation: phi^(m)(h(x)) has to be seen by the nodes. Where phi changes over a distance
    smaller than theirs (a steep phi, above all m >= 1, where phi' is a peak) s_1 may be wrong by
    a factor of several. `error` then shows it by being of the size of s_1, but falls short in some
    three of a hundred random states at gain 40 and m = 1: a peak that falls between the nodes of
    all rules leaves no trace in it. Compare two values of n for a gain above ten.

    Raises ValueError when phi has no continuous derivative of order m.
    """
    kernel, phi = model.kernel, model.phi
    h = shaped("h", h, (kernel.rank,))
    m = positive_integer("m", m, least=0)
    if phi.smoothness < m:
        raise ValueError(
            f"phi has m continuous derivatives, but m = {m} and phi has {phi.smoothness:g}"
        )
    rule = kernel.space.quadrature(nodes_of_order(kernel.space, m) if n is None else n)
    whole = constants_of(products(model, h, m, rule.nodes, rule.weights))
    if rule.exact:
        return whole
    others = tuple(
        constants_of(products(model, h, m, nodes, weights))
        for nodes, weights in other_rules(kernel.space, rule)
    )
    radius = kernel.kappa * float(np.linalg.norm(h))
    sup_Y = kernel.kappa**m * kernel.omega * phi.sup(m, radius)
    whole = replace(whole, replicates=others)
    sup_xi = min(2.0 * sup_Y, sup_Y + whole.mean + whole.error_of(lambda f: f.mean))
    others = tuple(replace(f, sup_Y=sup_Y, sup_xi=sup_xi) for f in others)
    return replace(whole, sup_Y=sup_Y, sup_xi=sup_xi, replicates=others)


def replicate_error(value: float, others: Sequence[float]) -> float:
    """Distance of a value to the mean of those from other rules, plus three standard deviations.

    Of the mean for the scramblings of a Sobol rule, as the value is nearly their mean; of a single
    one for coarser product rules, which say by how much such rules differ where none resolves.
    """
    if not others:
        return 0.0
    error = abs(value - float(np.mean(others)))
    if len(others) > 1:
        spread = 3.0 * float(np.std(others, ddof=1))
        error += spread / math.sqrt(SCRAMBLES) if len(others) == SCRAMBLES else spread
    return error


def _power_trace(j: int, constants: Fluctuation) -> float:
    return constants.s[j]


def nodes_of_order(space: SimilaritySpace, m: int) -> int:
    """512 on a line, 64 x 64 in the plane (32 x 32 for tensors, which cost more), 4096 beyond."""
    if space.dimension == 1:
        return 512
    return 1024 if space.dimension == 2 and m > 0 else 4096


def other_rules(space: SimilaritySpace, rule: Quadrature) -> list[tuple[Floats, Floats]]:
    """The scramblings of a Sobol rule one by one, or three coarser rules for a product rule."""
    if rule.replicate[-1] == 0:
        return [(coarse.nodes, coarse.weights) for coarse in coarser_rules(space, rule)]
    parts = [rule.replicate == i for i in range(int(rule.replicate[-1]) + 1)]
    return [(rule.nodes[part], rule.weights[part] / rule.weights[part].sum()) for part in parts]


def constants_of(y: Products | JointProducts) -> Fluctuation:
    """The constants when rho is the sum of the weights at the nodes; sups over these nodes."""
    weights = y.weights
    norm2, eigenvalues = y.norm2, y.eigenvalues()
    a = b = c = 0.0
    for block in y.blocks():
        inner = y.rows(block)  # (b, n)
        p = weights[block]
        a += float((p * norm2[block]) @ (inner**2 @ weights))
        b += float((p * norm2[block]) @ (inner @ (weights * norm2)))
        c += float(p @ (inner**2 * inner @ weights))
    return Fluctuation(
        s=(float(weights @ norm2), float((eigenvalues**2).sum()), float((eigenvalues**3).sum())),
        top=float(eigenvalues[0]),
        sup_xi=float(np.sqrt(norm2.max())),
        sup_Y=float(np.sqrt(y.squares.max())),
        e4=float(weights @ norm2**2),
        e6=float(weights @ norm2**3),
        a=a,
        b=b,
        c=c,
        mean=y.mean,
        eigenvalues=eigenvalues,
    )
