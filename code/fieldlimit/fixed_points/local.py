"""The a-priori certificate with the curvature at h itself: smaller q, smaller and larger radii."""

from __future__ import annotations

import math
from dataclasses import dataclass

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
# gamma of prop-joint-radius, over the root of the ratio of the two traces: the best falls as N^(-1/4).
PAIR_WEIGHTS = (1 / 8, 1 / 4, 1 / 2, 3 / 4)
TENSOR_NODES = 1024  # most nodes for the law of B D^2F_N beyond one dimension: r^3 coordinates

BLOCK = 1024  # nodes whose tensors k_x (x) k_x are held at a time


@dataclass(frozen=True, eq=False)
class Curvature:
    """What the local theorems ask of a model at a zero h of F, beyond `FixedPointConstants`."""

    law: Fluctuation  # of B w_x phi''(h(x)) (x) k_x (x) k_x
    centre: float  # >= ||B D^2F(h)|| as a bilinear map, quadrature error included
    error: float  # of it: the farthest of the rules from whose spread it is read
    third: float  # phi_3 = sup |phi'''|, over |s| <= kappa (||h|| + reach)
    pairs: tuple[
        tuple[float, Fluctuation], ...
    ]  # gamma, the law of contributions to (B F_N, gamma B DF_N)


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
    T = tensor(rule.nodes, rule.weights)
    others = [] if rule.exact else other_rules(kernel.space, rule)
    error = max((bilinear_norm(T - tensor(x, p)) for x, p in others), default=0.0)
    centre = bilinear_norm(T) + error
    traces = constants.field.trace, constants.derivative.trace
    unit = math.sqrt(traces[0] / traces[1]) if min(traces) > 0.0 else 1.0
    gammas = [share * unit for share in PAIR_WEIGHTS]
    few = TENSOR_NODES if n is None and kernel.space.dimension > 1 else n
    pairs = tuple((gamma, joint_fluctuation(seen, h, gamma, n)) for gamma in gammas)
    return Curvature(fluctuation(seen, h, 2, few), centre, error, third, pairs)


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
    return float(min(np.linalg.norm(T, 2), np.linalg.norm(turned, 2)))
