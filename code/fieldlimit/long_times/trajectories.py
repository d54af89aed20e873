"""The certificate for all times: a basin, a rate, and an error that does not grow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, nonnegative, positive_integer, probability
from fieldlimit.concentration import best_deviation
from fieldlimit.fixed_points import newton_kantorovich
from fieldlimit.least import least_number
from fieldlimit.long_times.attractor import LEAST_RATE, AttractorConstants
from fieldlimit.long_times.path import path_deviation
from fieldlimit.long_times.riccati import riccati
from fieldlimit.long_times.weights import Weight
from fieldlimit.statements import states


@dataclass(frozen=True, eq=False)
class TrajectoryCertificate:
    """For all t >= 0, ||h_N(t) - h(t)|| <= error when h_N(0) = h(0): with probability >= 1 - delta.

    On the same event F_N has one zero h*_N within `radius` of h, and every trajectory that starts
    closer to h than `basin` stays there and converges to h*_N at the rate `rate` in the end.
    radius and basin are in the norm of `weight`, which is at least that of H; error is in both.
    error = inf: thm-attractor does not apply, and `reason` names the hypothesis that fails.
    """

    N: int
    delta: float
    weight: Weight
    distance: float  # ||h(0) - h||_P
    zeta: float  # >= ||F_N(h(t)) - F(h(t))||_P at every t, and >= ||F_N(h)||_P
    residual: float  # >= ||F(h)||_P, part of zeta
    alpha: float
    eps: float  # >= ||DF_N(h) - DF(h)||_P
    cN: float  # >= ||Kop_N||_P
    lipschitz: float  # La: of DF_N and of DF
    q: float
    radius: float  # R_-
    basin: float  # R_+

    @property
    def holds(self) -> bool:
        """True when the theorem applies."""
        return self.q < 1.0 and self.distance < self.basin

    @property
    def reason(self) -> str:
        """The hypothesis that fails, with its value; "" when none does."""
        if self.holds:
            return ""
        if self.alpha <= LEAST_RATE:
            return f"a stable zero is needed, but the rate is {self.alpha:.3g}"
        if self.eps >= self.alpha:
            return f"eps < alpha is needed, but eps = {self.eps:.3g} and alpha = {self.alpha:.3g}"
        if self.q >= 1.0:
            return f"q < 1 is needed, but q = {self.q:.3g}"
        if not math.isfinite(self.radius):
            return "the radius exceeds the ball on which phi'' was bounded"
        return (
            f"h(0) in the basin is needed, but its distance is {self.distance:.3g} "
            f"and the basin has radius {self.basin:.3g}"
        )

    @property
    def rate(self) -> float:
        """(alpha - eps) sqrt(1 - q), the exponential rate near h*_N; 0 without certificate."""
        return (self.alpha - self.eps) * math.sqrt(1.0 - self.q) if self.holds else 0.0

    def error_at(self, t: Array, offset: float = 0.0) -> Array:
        """The bound of ||h_N(t) - h(t)||_P at times t (T,), offset >= ||h_N(0) - h(0)||_P."""
        t = np.asarray(t, dtype=float)
        if not self.holds or self.distance + nonnegative("offset", offset) >= self.basin:
            return np.full_like(t, math.inf)
        disturbed = riccati(t, self.distance + offset, *self._parabola(self.zeta))
        return disturbed - riccati(t, self.distance, *self._parabola(self.residual))

    def _parabola(self, zeta: float) -> tuple[float, float, float]:
        """b sqrt(1 - q) and the roots R_-, R_+ of zeta - b y + (La/2) y^2."""
        b = self.alpha - self.eps
        radii = newton_kantorovich(zeta / b, 0.0, self.lipschitz / b)
        return b * math.sqrt(1.0 - radii.q), radii.existence, radii.uniqueness

    @property
    def error(self) -> float:
        """The bound at the worst time, t = inf included; inf when the theorem does not apply."""
        return self.worst_error(0.0)

    def worst_error(self, offset: float) -> float:
        """sup over t >= 0 of `error_at`: it has at most one maximum before its limit R_-."""
        from scipy.optimize import minimize_scalar

        if not (self.holds and self.distance + offset < self.basin):
            return math.inf
        t = np.concatenate([[0.0], np.geomspace(1e-3, 100.0, 200) / self.rate])
        values = self.error_at(t, offset)
        best = int(np.argmax(values))
        low, high = t[max(best - 1, 0)], t[min(best + 1, len(t) - 1)]
        found = minimize_scalar(
            lambda s: -float(self.error_at(np.array([s]), offset)[0]),
            bounds=(low, high),
            method="bounded",
        )
        return max(float(values.max()), -float(found.fun), self.radius) * (1.0 + 1e-6)


@states("thm-attractor")
def trajectory_certificate(
    constants: AttractorConstants, N: int, delta: float
) -> TrajectoryCertificate:
    """R_-+ = b (1 -+ sqrt(1 - q))/La with b = alpha - eps, q = 2 zeta La/b^2, La = phi_2 sup||w|| cN.

    zeta, eps and cN hold with probability 1 - delta/3 each, quadrature errors included. If eps < alpha,
    q < 1 and ||h(0) - h||_P < R_+, the error at time t is y_zeta(t) - y_0(t), two solutions of
    y' = zeta - b y + (La/2) y^2 from ||h(0) - h||_P, the second with zeta = 0.
    """
    N = positive_integer("N", N)
    third = probability("delta", delta) / 3
    at_zero = best_deviation(constants.field, N, third).deviation
    zeta = at_zero if constants.path is None else path_deviation(constants.path, N, third)
    zeta += constants.residual
    eps = best_deviation(constants.derivative, N, third).deviation
    cN = min(
        constants.kappa**2, constants.top + best_deviation(constants.receptive, N, third).deviation
    )
    La = constants.curvature * constants.omega * cN
    b = constants.alpha - eps
    q, radius, basin = math.inf, math.inf, 0.0
    if b > 0.0:
        radii = newton_kantorovich(zeta / b, 0.0, La / b, constants.reach)
        q, radius, basin = radii.q, radii.existence, radii.uniqueness
    return TrajectoryCertificate(
        N, delta, constants.weight, constants.distance, zeta,
        constants.residual, constants.alpha, eps, cN, La, q, radius, basin
    )  # fmt: skip


def neurons_for_all_times(
    constants: AttractorConstants, delta: float, *, error: float = math.inf, most: int = 10**9
) -> int:
    """The least N whose certificate holds with an error <= `error`; ValueError when N > most."""

    def good(N: int) -> bool:
        certificate = trajectory_certificate(constants, N, delta)
        return certificate.holds and certificate.error <= error

    def why(N: int) -> str:
        certificate = trajectory_certificate(constants, N, delta)
        return certificate.reason or f"the error is {certificate.error:.3g}"

    return least_number(good, most, why)
