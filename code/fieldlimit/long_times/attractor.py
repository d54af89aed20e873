"""The certificate for all times: a basin, a rate, and an error that does not grow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, nonnegative, positive_integer, probability, readonly, shaped
from fieldlimit.concentration import Fluctuation, best_deviation, fluctuation
from fieldlimit.field import Model, bounded_sup, neural_field
from fieldlimit.fixed_points import newton_kantorovich
from fieldlimit.fixed_points.preconditioned import receptive_model
from fieldlimit.kernels import features, moments
from fieldlimit.least import least_number
from fieldlimit.long_times.path import NODES, PathConstants, path_constants, path_deviation
from fieldlimit.long_times.weights import (
    Weight,
    eigenvector_weight,
    log_norm,
    lyapunov_weight,
    plain_weight,
    spectral_abscissa,
    weighted,
)
from fieldlimit.spaces import default_nodes, estimate
from fieldlimit.statements import states

SHARES = (0.0, 0.5, 0.8, 0.9, 0.97)  # of the spectral gap: the rates of the weights that are tried
LEAST_RATE = 1e-9  # a rate below is 0 to the accuracy of what is computed here


@dataclass(frozen=True, eq=False)
class AttractorConstants:
    """All that thm-attractor asks of a model at a stable zero h of F; free of N and delta.

    Everything but h and start is measured in the norm of `weight`, whose least eigenvalue is 1:
    what is bounded in it is bounded in H. residual, and an error inside alpha: those of quadrature.
    """

    weight: Weight
    h: Array  # (r,)
    start: Array  # h(0), (r,)
    distance: float  # ||h(0) - h||_P
    alpha: float  # mu_P(DF(h)) <= -alpha
    field: Fluctuation  # of w_x phi(h(x))
    derivative: Fluctuation  # of w_x phi'(h(x)) (x) k_x
    receptive: Fluctuation  # of k_x (x) k_x
    top: float  # ||Kop||, with its quadrature error
    kappa: float
    omega: float
    curvature: float  # phi_2, over |s| <= kappa (||h|| + reach)
    reach: float
    residual: float  # ||F(h)||, 0 for the exact zero
    path: PathConstants | None  # along h(t); None when h(0) = h


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


def riccati(t: Array, y0: float, rate: float, low: float, high: float) -> Array:
    """y(t) of y' = (La/2)(y - low)(y - high), y(0) = y0 < high, rate = La (high - low)/2. t (T,).

    high = inf: y' = -rate (y - low).
    """
    decay, above = np.exp(-rate * np.asarray(t, dtype=float)), y0 - low
    return low + above * decay / (1.0 - above / (high - low) * (1.0 - decay))


def attractor_constants(
    model: Model,
    h: Array,
    *,
    start: Array | None = None,
    weight: Weight | None = None,
    reach: float = math.inf,
    n: int | None = None,
) -> AttractorConstants:
    """The constants at a stable zero h (r,) of F, for the trajectory of F from start (None: h).

    weight None: of the candidates of `weights_of` the one that promises most at large N. reach:
    phi_2 is taken over |s| <= kappa (||h|| + reach), and nothing is claimed beyond that distance.
    Raises ValueError when h is not stable, when phi is not C^2 with bounded phi'' there, and
    when start is outside 2 alpha/La, where F itself is not known to converge.
    """
    if model.phi.smoothness < 2:
        raise ValueError(f"phi is of class C^2, but {model.phi} is C^{model.phi.smoothness:g}")
    h = readonly(shaped("h", h, (model.kernel.rank,)).copy())
    start = h if start is None else readonly(shaped("start", start, h.shape).copy())
    A = neural_field(model, n).derivative(h)
    if spectral_abscissa(A) >= -LEAST_RATE:
        raise ValueError(f"h is stable, but an eigenvalue has real part {spectral_abscissa(A):.3g}")
    weight = (_best_weight(model, h, A, n) if weight is None else weight).normalised()
    seen, centre = weighted(model, weight), weight.S @ h
    residual, wrong = _accuracy(seen, centre, n)
    second = moments(seen.kernel, n)
    top = float(np.linalg.eigvalsh(second.receptive)[-1]) + seen.kernel.rank * second.error
    curvature = bounded_sup(
        model.phi,
        2,
        seen.kernel.kappa * (float(np.linalg.norm(centre)) + nonnegative("reach", reach)),
    )
    alpha, distance = -log_norm(A, weight) - wrong, float(weight.norm(start - h))
    field, path = fluctuation(seen, centre, 0, n), None
    if distance > 0.0:
        La = curvature * seen.kernel.omega * min(seen.kernel.kappa**2, top)
        path = _path(seen, weight.S @ start, (alpha, La, distance), field, n)
    return AttractorConstants(
        weight, h, start, distance, alpha,
        field,
        fluctuation(seen, centre, 1, n),
        fluctuation(receptive_model(seen.kernel), centre, 1, n),
        top, seen.kernel.kappa, seen.kernel.omega, curvature, reach, residual, path,
    )  # fmt: skip


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


def weights_of(A: Array) -> Iterator[Weight]:
    """Candidates at a stable A (r, r): plain, Lyapunov's at several rates, the eigenvectors'."""
    if log_norm(A) < 0.0:
        yield plain_weight(len(A))
    for share in SHARES:
        try:
            yield lyapunov_weight(A, -share * spectral_abscissa(A))
        except ValueError:  # too ill conditioned to be told from a singular one
            continue
    try:
        yield eigenvector_weight(A)
    except ValueError:
        return


def _best_weight(model: Model, h: Array, A: Array, n: int | None) -> Weight:
    """The candidate that promises the least product of q and error, both to leading order in N.

    q is a multiple of sqrt(s_1) sup||w|| ||Kop|| / alpha^2, the error one of sqrt(s_1) / alpha. Any
    choice is sound, being made before the network is drawn; so sups over nodes will do.
    """
    space = model.kernel.space
    rule = space.quadrature(default_nodes(space) if n is None else n)
    k, w = features(model.kernel, rule.nodes)
    xi = model.phi(k @ h)[:, None] * w
    xi = xi - rule.weights @ xi
    second = k.T @ (rule.weights[:, None] * k)

    def promise(weight: Weight) -> float:
        trace = rule.weights @ weight.norm(xi) ** 2
        top = np.linalg.eigvalsh(weight.inverse.T @ second @ weight.inverse)[-1]
        return float(trace * weight.norm(w).max() * top / -(log_norm(A, weight) ** 3))

    return min(weights_of(A), key=promise)


def _accuracy(model: Model, h: Array, n: int | None) -> tuple[float, float]:
    """||F(h)|| with its quadrature error, and the error of DF(h) in Hilbert-Schmidt norm."""
    space = model.kernel.space

    def integrate(x: Array, p: Array) -> Array:
        k, w = features(model.kernel, x)
        value = -h + model.I + (p * model.phi(k @ h)) @ w
        slope = w.T @ ((p * model.phi.derivative(k @ h, 1))[:, None] * k)
        return np.concatenate([value[:, None], slope], axis=1)

    both = estimate(space, integrate, default_nodes(space) if n is None else n)
    value = float(np.linalg.norm(both.value[:, 0]) + np.linalg.norm(both.error[:, 0]))
    return value, float(np.linalg.norm(both.error[:, 1:]))


def _path(
    model: Model,
    start: Array,
    parabola: tuple[float, float, float],
    end: Fluctuation,
    n: int | None,
) -> PathConstants:
    """Along the trajectory of F, until its distance to the zero is 1e-5 of what it was."""
    alpha, La, distance = parabola
    high = 2.0 * alpha / La if La > 0.0 else math.inf
    if distance >= high:
        raise ValueError(
            f"h(0) is closer than 2 alpha/La = {high:.4g} to h, but its distance is {distance:.4g}"
        )
    duration = math.log(1e5 / (1.0 - distance / high)) / alpha
    left = float(riccati(np.array([duration]), distance, alpha, 0.0, high)[0])
    speed = 1.0 + model.phi.sup(1) * model.kernel.kappa * model.kernel.omega
    rest = speed * left / (alpha - La * left / 2.0)
    nodes = NODES if n is None else n
    return path_constants(model, start, duration, end=end, rest=rest, n=nodes)
