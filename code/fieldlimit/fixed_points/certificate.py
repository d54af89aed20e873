"""The a-priori certificate: does the zero of the field persist in a network of N neurons?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, nonnegative, positive_integer, probability, readonly, shaped
from fieldlimit.concentration import Fluctuation, best_deviation, fluctuation
from fieldlimit.field import Model, bounded_sup, neural_field
from fieldlimit.fixed_points.newton import newton_kantorovich
from fieldlimit.fixed_points.preconditioned import preconditioned, receptive_model
from fieldlimit.kernels import features, moments
from fieldlimit.spaces import default_nodes, estimate
from fieldlimit.statements import states

THIRDS = (1 / 3, 1 / 3, 1 / 3)
LEAST_SINGULAR = 1e-7  # of A: below, h is degenerate to the accuracy of what is computed here


@dataclass(frozen=True, eq=False)
class FixedPointConstants:
    """All that thm-fixed-point asks of a model at a zero h of F; free of N and delta.

    The laws of B F_N(h), of B DF_N(h) and of Kop_N; residual and defect: ||B F(h)|| and
    ||Id - B DF(h)||, 0 for the exact zero and the exact inverse, here with the errors of Newton's
    method, of rounding and of quadrature.
    """

    h: Array  # (r,)
    B: Array  # (r, r), the inverse of A = DF(h)
    field: Fluctuation  # of B w_x phi(h(x))
    derivative: Fluctuation  # of B w_x phi'(h(x)) (x) k_x
    receptive: Fluctuation  # of k_x (x) k_x
    top: float  # ||Kop||, with its quadrature error
    kappa: float
    projective: float  # a bound of sup_x ||B w_x||
    curvature: float  # phi_2 = sup |phi''|, over |s| <= kappa (||h|| + reach)
    reach: float
    residual: float
    defect: float


@dataclass(frozen=True)
class Certificate:
    """Exactly one zero of F_N closer to h than `uniqueness`, and it lies within `radius`.

    With probability >= 1 - delta over the locations. radius = inf: thm-fixed-point (or
    thm-fixed-point-local, or prop-joint-radius) does not apply; `reason` names the hypothesis that
    fails. q: eta (or the joint deviation) as a share of the largest for which it would, with the other
    constants as they are.
    """

    N: int
    delta: float
    eta: float  # >= ||B F_N(h)||
    eps: float  # >= ||B (DF_N(h) - A)||
    cN: float  # >= ||Kop_N||
    lipschitz: float  # La: of B DF_N
    q: float
    radius: float  # r_-
    uniqueness: float  # r_+
    second: float = math.inf  # eps' >= ||B (D^2F_N(h) - D^2F(h))||, of thm-fixed-point-local
    centre: float = math.inf  # La_* >= ||B D^2F_N(h)||; inf: not used
    growth: float = 0.0  # La'
    joint: float = math.inf  # eta_ga of prop-joint-radius; inf: not used
    gamma: float = 0.0  # ga

    @property
    def label(self) -> str:
        """Of the statement that it is by."""
        if math.isfinite(self.joint):
            return "prop-joint-radius"
        return "thm-fixed-point" if self.plain else "thm-fixed-point-local"

    @property
    def plain(self) -> bool:
        """True when it is that of thm-fixed-point: the curvature at h is not used."""
        return math.isinf(self.second)

    @property
    def holds(self) -> bool:
        """True when the theorem applies."""
        return math.isfinite(self.radius)

    @property
    def reason(self) -> str:
        """The hypothesis that fails, with its value; "" when none does."""
        if self.holds:
            return ""
        if self.eps >= 1.0:
            return f"eps < 1 is needed, but eps = {self.eps:.3g}"
        if not self.q < 1.0:
            return f"q < 1 is needed, but q = {self.q:.3g}"
        return "the radius exceeds the ball on which phi'' was bounded"


def fixed_point_constants(
    model: Model,
    h: Array,
    *,
    A: Array | None = None,
    n: int | None = None,
    reach: float = math.inf,
) -> FixedPointConstants:
    """The constants at a zero h (r,) of F, by quadratures with about n nodes (None: defaults).

    reach: phi_2 is taken over |s| <= kappa (||h|| + reach), so that an unbounded phi is covered;
    nothing is then claimed beyond that distance. A (r, r): DF(h) by a finer rule, for a smaller
    defect; None: by this one. Raises ValueError when phi is not C^2 or phi'' is not bounded there,
    and when A is singular (prop-ring-degenerate is the usual cause).
    """
    if model.phi.smoothness < 2:
        raise ValueError(f"phi is of class C^2, but {model.phi} is C^{model.phi.smoothness:g}")
    kernel = model.kernel
    h = readonly(shaped("h", h, (kernel.rank,)).copy())
    B = inverse(neural_field(model, n).derivative(h) if A is None else A)
    seen = preconditioned(model, B)
    second = moments(kernel, n)
    top = float(np.linalg.eigvalsh(second.receptive)[-1]) + kernel.rank * second.error
    radius = kernel.kappa * (float(np.linalg.norm(h)) + nonnegative("reach", reach))
    residual, defect = residual_and_defect(model, h, B, n)
    return FixedPointConstants(
        h,
        readonly(B),
        fluctuation(seen, h, 0, n),
        fluctuation(seen, h, 1, n),
        fluctuation(receptive_model(kernel), h, 1, n),
        top,
        kernel.kappa,
        seen.kernel.omega,
        bounded_sup(model.phi, 2, radius),
        reach,
        residual,
        defect,
    )


@states("thm-fixed-point")
def fixed_point_certificate(
    constants: FixedPointConstants,
    N: int,
    delta: float,
    *,
    shares: tuple[float, ...] = THIRDS,
) -> Certificate:
    """r_-+ of thm-fixed-point, from q = 2 eta La/(1 - eps)^2 and La = phi_2 sup||B w_x|| cN.

    eta, eps and cN (never above kappa^2) may fail with probability delta/3 each, or with the given
    shares of delta (positive, sum 1), by the least of chapter 7's guarantees, quadrature errors
    included.
    """
    N, delta = positive_integer("N", N), probability("delta", delta)
    levels = [share * delta for share in checked_shares(shares, 3)]
    eta = best_deviation(constants.field, N, levels[0]).deviation + constants.residual
    eps = best_deviation(constants.derivative, N, levels[1]).deviation + constants.defect
    spread = best_deviation(constants.receptive, N, levels[2]).deviation
    cN = min(constants.kappa**2, constants.top + spread)
    La = constants.curvature * constants.projective * cN
    radii = newton_kantorovich(eta, eps, La, constants.reach)
    return Certificate(N, delta, eta, eps, cN, La, radii.q, radii.existence, radii.uniqueness)


def checked_shares(shares: tuple[float, ...], n: int) -> tuple[float, ...]:
    """Shares of delta, or ValueError unless they are n positive numbers with sum 1."""
    if len(shares) != n or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-12:
        raise ValueError(f"shares are {n} positive numbers with sum 1, but shares = {shares}")
    return shares


def inverse(A: Array) -> Array:
    """A^{-1}, or ValueError when A is singular to within LEAST_SINGULAR."""
    least = float(np.linalg.svd(A, compute_uv=False)[-1])
    if least < LEAST_SINGULAR:
        raise ValueError(
            f"A = DF(h) has least singular value >= {LEAST_SINGULAR:g}, but it is {least:.2g}: "
            "the zero is degenerate (on an orbit of a symmetry, or at a bifurcation)"
        )
    return np.linalg.inv(A).astype(float)


def residual_and_defect(
    model: Model, h: Array, B: Array, n: int | None = None
) -> tuple[float, float]:
    """||B F(h)|| and ||Id - B DF(h)||_HS by quadrature, plus the estimated error of each."""
    space = model.kernel.space
    n = default_nodes(space) if n is None else n

    def integrate(x: Array, p: Array) -> Array:
        k, w = features(model.kernel, x)
        w = w @ B.T
        s = k @ h
        value = B @ (model.I - h) + (p * model.phi(s)) @ w
        slope = w.T @ ((p * model.phi.derivative(s, 1))[:, None] * k)
        return np.concatenate([value[:, None], np.eye(len(h)) + B - slope], axis=1)

    both = estimate(space, integrate, n)
    sizes = [np.linalg.norm(a[:, c]) for a in (both.value, both.error) for c in (0, slice(1, None))]
    return float(sizes[0] + sizes[2]), float(sizes[1] + sizes[3])
