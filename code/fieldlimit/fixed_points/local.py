"""The a-priori certificate with the curvature at h itself: smaller q, smaller and larger radii."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from fieldlimit.checks import Array, positive_integer, probability
from fieldlimit.concentration import (
    Fluctuation,
    best_deviation,
    fluctuation,
    joint_fluctuation,
)
from fieldlimit.concentration.fluctuations import other_rules
from fieldlimit.field import Model
from fieldlimit.fixed_points.certificate import (
    Certificate,
    FixedPointConstants,
    checked_shares,
    fixed_point_certificate,
)
from fieldlimit.fixed_points.majorant import Bend, majorant_radii
from fieldlimit.fixed_points.preconditioned import feature_kernel
from fieldlimit.kernels import features
from fieldlimit.spaces import default_nodes
from fieldlimit.statements import states

QUARTERS = (1 / 4, 1 / 4, 1 / 4, 1 / 4)
FINEST = 2.0**-5  # the least gamma over unit: below, the radius is the same to 1/1000
TENSOR_NODES = 1024  # most nodes for the law of B D^2F_N beyond one dimension: r^3 coordinates

ROUNDING = 1e-12  # relative, of a norm: added
BLOCK = 1024  # nodes whose tensors k_x (x) k_x are held at a time


@dataclass(frozen=True, eq=False)
class PairLaws:
    """The laws of contributions to (B F_N(h), gamma B DF_N(h)), each computed when first asked for."""

    model: Model  # of the features k, B w
    h: Array
    unit: float  # (s_1 of B F_N/s_1 of B DF_N)^(1/2)
    n: int | None  # nodes
    known: dict[float, Fluctuation] = field(default_factory=dict, repr=False)

    def gammas(self, eps: float) -> tuple[float, ...]:
        """About unit sqrt(eps)/(1 - eps), of unit 2^(-i/2), i = 0, ..., 10, and the next larger of these.

        eps >= ||B (DF_N(h) - A)||. Without curvature sqrt(eps) is best when eps is small.
        """
        share = math.sqrt(eps) / (1.0 - eps) if eps < 0.5 else 1.0
        steps = -round(2 * math.log2(min(max(share, FINEST), 1.0)))
        return tuple(self.unit * 2.0 ** (-i / 2) for i in (steps, steps - 1) if i >= 0)

    def at(self, gamma: float) -> Fluctuation:
        """The law with this gamma."""
        if gamma not in self.known:
            self.known[gamma] = joint_fluctuation(self.model, self.h, gamma, self.n)
        return self.known[gamma]


@dataclass(frozen=True, eq=False)
class Curvature:
    """What the local theorems ask of a model at a zero h of F, beyond `FixedPointConstants`."""

    law: Fluctuation  # of B w_x phi''(h(x)) (x) k_x (x) k_x
    centre: float  # >= ||B D^2F(h)|| as a bilinear map, quadrature error included
    error: float  # of it: the farthest of the rules from whose spread it is read
    third: float  # phi_3 = sup |phi'''|, over |s| <= kappa (||h|| + reach)
    pairs: PairLaws  # of value and slope, for prop-joint-radius


def curvature_at(
    model: Model, constants: FixedPointConstants, n: int | None = None
) -> Curvature | None:
    """The curvature of B F at h (r,); None where phi is not C^3, or phi''' unbounded within the reach.

    The law by a rule with about n nodes, at a cost O(n^2 r); D^2F(h) itself by the default rule.
    """
    h, kernel = constants.h, model.kernel
    reach = kernel.kappa * (float(np.linalg.norm(h)) + constants.reach)
    if model.phi.smoothness < 3 or not math.isfinite(third := model.phi.sup(3, reach)):
        return None
    seen = Model(feature_kernel(kernel, constants.B, constants.projective), model.phi, model.I)

    def tensor(x: Array, p: Array) -> Array:
        T = np.zeros((kernel.rank, kernel.rank**2))
        for block in (slice(i, i + BLOCK) for i in range(0, len(x), BLOCK)):
            k, w = features(seen.kernel, x[block])  # w = B w_x
            bends = (p[block] * model.phi.derivative(k @ h, 2))[:, None] * w
            T += bends.T @ (k[:, :, None] * k[:, None, :]).reshape(len(k), -1)
        return T

    rule = kernel.space.quadrature(default_nodes(kernel.space))
    others = [] if rule.exact else [tensor(x, p) for x, p in other_rules(kernel.space, rule)]
    scrambled = rule.replicate[-1] > 0  # then the rule is the mean of the others
    T = np.mean(others, axis=0) if scrambled else tensor(rule.nodes, rule.weights)
    error = max((bilinear_norm(T - other) for other in others), default=0.0)
    centre = bilinear_norm(T) + error
    traces = constants.field.trace, constants.derivative.trace
    unit = math.sqrt(traces[0] / traces[1]) if min(traces) > 0.0 else 1.0
    few = TENSOR_NODES if n is None and kernel.space.dimension > 1 else n
    law = fluctuation(seen, h, 2, few)
    return Curvature(law, centre, error, third, PairLaws(seen, h, unit, n))


@states("thm-fixed-point-local")
def local_certificate(
    constants: FixedPointConstants,
    curvature: Curvature,
    N: int,
    delta: float,
    *,
    shares: tuple[float, ...] = QUARTERS,
) -> Certificate:
    """r_-+ of thm-fixed-point-local: the zeros of eta - (1 - eps)t + Psi(t), Psi'' = min(La, La_* + La' t).

    La of thm-fixed-point, La_* = ||B D^2F(h)|| + eps' and La' = phi_3 kappa sup||B w_x|| cN; eta, eps, cN
    and eps' >= ||B (D^2F_N(h) - D^2F(h))|| may fail with the given shares of delta (positive, sum 1),
    by the least of chapter 7's guarantees, quadrature errors included.
    """
    N, delta = positive_integer("N", N), probability("delta", delta)
    eta_share, eps_share, cN_share, second_share = checked_shares(shares, 4)
    # the first three events, and La, as in the plain certificate
    rest = 1 - second_share
    three = (eta_share / rest, eps_share / rest, cN_share / rest)
    plain = fixed_point_certificate(constants, N, rest * delta, shares=three)
    second = best_deviation(curvature.law, N, second_share * delta).deviation
    growth = curvature.third * constants.kappa * constants.projective * plain.cN
    centre = min(plain.lipschitz, curvature.centre + second)
    radii = majorant_radii(
        plain.eta, plain.eps, Bend(plain.lipschitz, centre, growth), constants.reach
    )
    return Certificate(
        N, delta, plain.eta, plain.eps, plain.cN, plain.lipschitz, radii.q, radii.existence,
        radii.uniqueness, second, centre, growth,
    )  # fmt: skip


def bilinear_norm(T: Array) -> float:
    """A bound of sup ||T[u, v]|| over unit u, v, for T (r, r^2) symmetric in its last two indices.

    The lesser of the operator norms of (u, v) -> T[u, v] on tensors and of v -> T[v, .] in HS norm.
    """
    r = len(T)
    turned = T.reshape(r, r, r).transpose(1, 0, 2).reshape(r, -1)
    square = min(float(np.linalg.eigvalsh(M @ M.T)[-1]) for M in (T, turned))
    return math.sqrt(max(0.0, square)) * (1.0 + ROUNDING)
