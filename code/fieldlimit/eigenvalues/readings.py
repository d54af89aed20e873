"""Linear readings l(M) of the operators DF_N(h*_N) - A: their laws, their sups and their errors.

With T[v] = D^2F(h*)[v, .], B = A^{-1} and W_N(h) = DF_N(h) - T[B F_N(h)]: the derivative at the moved
fixed point is W_N(h*_N), a neuron contributes
    Z_x = phi'(h(x)) w_x (x) k_x - phi(h(x)) T[B w_x]   to W_N(h*), and
    v(x) Z'_x,   Z'_x = phi''(h(x)) w_x (x) k_x - phi'(h(x)) T[B w_x],   to DW_N(h*)[v].
A reading that sees few directions, M -> P M P or C^{-1} Q M P, fluctuates less than ||M||.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fieldlimit.checks import Array, nonnegative
from fieldlimit.concentration import Fluctuation, best_deviation
from fieldlimit.concentration.fluctuations import constants_of
from fieldlimit.concentration.products import JointProducts, Products
from fieldlimit.eigenvalues.certificate import EigenvalueConstants, bend_of
from fieldlimit.eigenvalues.summands import quadratures
from fieldlimit.field import Model, bounded_sup
from fieldlimit.fixed_points import Certificate, projective_sup
from fieldlimit.kernels import features, moments
from fieldlimit.spaces import Estimate, default_nodes, estimate
from fieldlimit.statements import states


@dataclass(frozen=True, eq=False)
class Reading:
    """l(M) with values in a Euclidean space: all that is asked of it, free of N and delta."""

    rows: tuple[
        Array, ...
    ]  # l(Z) at the nodes of each rule, (n, q), weighed where that is asked for
    value: Fluctuation  # of these
    slope: Fluctuation  # of l(Z') (x) k
    outer: float  # >= sup ||l(w (x) k)||
    bend: float  # >= sup ||l(T[B w])||
    wrong: float  # ||l(W(h)) - l(A)||, estimated; 0 for exact h, A and T
    wrong_slope: float  # the same of l(DW(h))


@dataclass(frozen=True, eq=False)
class Setting:
    """A model at a zero h of its field, with T and the quadratures by which laws are computed."""

    model: Model
    h: Array
    A: Array
    B: Array
    T: Array
    rules: tuple[tuple[Array, Array], ...]
    coarse: tuple[tuple[Array, Array], ...]  # with half the nodes, for laws of second order

    @property
    def weights(self) -> tuple[Array, ...]:
        """Of the nodes of each rule."""
        return tuple(p for _, p in self.rules)

    def sup(self, m: int) -> float:
        """phi_m over |s| <= kappa ||h||."""
        return bounded_sup(
            self.model.phi, m, self.model.kernel.kappa * float(np.linalg.norm(self.h))
        )

    def bent(self, left: Array, right: Array) -> Array:
        """w -> left* T[B w] right as a matrix (a b, r)."""
        seen = np.einsum("vij,ia,jb->abv", self.T, left, right, optimize=True)
        return seen.reshape(-1, len(self.T)) @ self.B

    def rows(self, left: Array, right: Array, x: Array) -> Array:
        """left* Z right at x (n, d), (n, a b)."""
        return self._both(left, right, x, 0)[0]

    def slopes(self, left: Array, right: Array, x: Array) -> tuple[Array, Array]:
        """left* Z' right at x (n, d), (n, a b), and k (n, r)."""
        return self._both(left, right, x, 1)

    def _both(self, left: Array, right: Array, x: Array, m: int) -> tuple[Array, Array]:
        """Z for m = 0, Z' for m = 1, and k: phi^(m+1) left* (w (x) k) right - phi^(m) left* T[B w] right."""
        k, w = features(self.model.kernel, x)
        phi, s = self.model.phi, k @ self.h
        steep = phi.derivative(s, m + 1)[:, None] * (w @ left)
        outer = (steep[:, :, None] * (k @ right)[:, None, :]).reshape(len(x), -1)
        rate = phi.derivative(s, 1) if m else phi(s)
        return outer - (rate[:, None] * w) @ self.bent(left, right).T, k

    def farthest(self, M: Array) -> float:
        """A bound of sup ||M w_x||, M (q, r); by a factor R with R*R = M*M where q > r."""
        seen = np.asarray(np.linalg.qr(M, mode="r")) if len(M) > M.shape[1] else M
        return projective_sup(self.model.kernel, seen)

    def reading(self, left: Array, right: Array, weigh: Array | None = None) -> Reading:
        """l(M) = left* M right in the HS norm, left (r, a), right (r, b).

        weigh (q, a b): what is of first order is read as weigh l(M), in a norm that may be nearer to
        the operator norm; the remainder, for which the HS norm is near enough, stays as it is.
        """
        kernel, found, slopes = self.model.kernel, [], []
        for x, _ in self.rules:
            Z = self.rows(left, right, x)
            found.append(Z if weigh is None else Z @ weigh.T)
        for x, p in self.coarse:
            slope, k = self.slopes(left, right, x)
            slopes.append(Products(k, slope, 1, p))
        bent = self.bent(left, right)
        ends = [projective_sup(kernel, left.T)]
        ends.append(ends[0] if right is left else projective_sup(kernel, right.T))
        outer = math.prod(ends)
        bend = self.farthest(bent)
        size = 1.0 if weigh is None else float(np.linalg.norm(weigh, 2))
        phi_0, phi_1, phi_2 = (self.sup(m) for m in range(3))
        values = [Products(Z, Z, 0, p) for Z, p in zip(found, self.weights, strict=True)]
        return Reading(
            tuple(found),
            law(values, size * (phi_1 * outer + phi_0 * bend)),
            law(slopes, kernel.kappa * (phi_2 * outer + phi_1 * bend)),
            outer,
            bend,
            self.wrong(left, right),
            self.wrong_slope(left, right),
        )

    def wrong(self, left: Array, right: Array) -> float:
        """||left* (W(h) - A) right||_HS by quadrature, its error included; W(h) = DF(h) - T[B F(h)]."""
        bent = self.bent(left, right)

        def integrate(x: Array, p: Array) -> Array:
            k, w = features(self.model.kernel, x)
            s = k @ self.h
            slope = (p * self.model.phi.derivative(s, 1))[:, None] * w
            seen = (left.T @ slope.T) @ (k @ right)
            return seen.reshape(-1) - bent @ (w.T @ (p * self.model.phi(s)))

        found = self.integral(integrate)
        rest = left.T @ (self.A + np.eye(len(self.h))) @ right
        value = found.value - rest.reshape(-1) - bent @ (self.model.I - self.h)
        return float(np.linalg.norm(value)) + float(np.linalg.norm(found.error))

    def wrong_slope(self, left: Array, right: Array) -> float:
        """||left* DW(h)[.] right||_HS by quadrature, its error included: 0 for the exact T and B."""
        bent = self.bent(left, right)

        def integrate(x: Array, p: Array) -> Array:
            slope, k = self.slopes(left, right, x)
            return slope.T @ (p[:, None] * k)

        found = self.integral(integrate)
        return float(np.linalg.norm(found.value + bent)) + float(np.linalg.norm(found.error))

    def integral(self, integrate: Callable[[Array, Array], Array]) -> Estimate:
        """Against rho, by the default rule of the space."""
        space = self.model.kernel.space
        return estimate(space, integrate, default_nodes(space))


def law(parts: Sequence[Products | JointProducts], sup: float) -> Fluctuation:
    """The constants by the first rule, with those of the others as replicates; sup >= ess sup ||Y||."""
    whole, *others = map(constants_of, parts)
    if not others:
        return whole
    whole = replace(whole, replicates=tuple(others))
    sup_xi = min(2.0 * sup, sup + whole.mean + whole.error_of(lambda f: f.mean))
    replicates = tuple(replace(f, sup_Y=sup, sup_xi=sup_xi) for f in others)
    return replace(whole, sup_Y=sup, sup_xi=sup_xi, replicates=replicates)


def setting(model: Model, constants: EigenvalueConstants, n: int | None = None) -> Setting:
    """At the zero h of `constants`, with rules of about n nodes (None: 512 on a line, 1024 beyond)."""
    c, space = constants.fixed_point, model.kernel.space
    if constants.T is None:
        raise ValueError(f"phi is of class C^3, but {model.phi} is C^{model.phi.smoothness:g}")
    if constants.inflation != 1.0:
        raise ValueError("constants without a weight are needed, but these have one")
    n = (512 if space.dimension == 1 else 1024) if n is None else n
    rules, coarse = (tuple(quadratures(space, m)) for m in (n, max(n // 2, 1)))
    return Setting(model, c.h, constants.A, c.B, constants.T, rules, coarse)


@dataclass(frozen=True, eq=False)
class MotionLaw:
    """The first-order motion of the fixed point in the norm of L2(rho): of Kop^(1/2) B w_x phi(h(x))."""

    value: Fluctuation
    error: float  # of <v, Kop v> at unit v, by quadrature


def motion_law(at: Setting) -> MotionLaw:
    """||v||_{L2(rho)} = ||Kop^(1/2) v||: the norm in which thousands of potentials move, not the worst one."""
    kernel = at.model.kernel
    exact = getattr(kernel, "exact_moments", None)
    second = moments(kernel) if exact is None else exact
    values, vectors = np.linalg.eigh(second.receptive)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T @ at.B
    parts = []
    for x, p in at.rules:
        k, w = features(kernel, x)
        parts.append(Products(k, at.model.phi(k @ at.h)[:, None] * (w @ root.T), 0, p))
    sup = at.sup(0) * projective_sup(kernel, root)
    return MotionLaw(law(parts, sup), kernel.rank * second.error)


@dataclass(frozen=True)
class Motion:
    """||v|| <= radius and |v|_N^2 = (1/N) sum v(x_j)^2 <= square, v = h*_N - h, on the event of `fixed_point`."""

    fixed_point: Certificate
    radius: float
    square: float
    phi_2: float  # over |s| <= kappa (||h|| + radius)
    phi_3: float


@states("lem-motion")
def motion_of(
    constants: EigenvalueConstants, fixed_point: Certificate, spread: float, error: float = 0.0
) -> Motion:
    """r <- min(r, (eta + u)/(1 - eps)), m^2 <- min(m^2, (eta' + sqrt(c)(eps r + u))^2 + (cN - c) r^2).

    From r = r_-, m^2 = cN r_-^2, with u = phi_2 sup||B w|| m^2/2 or Psi(r) of
    thm-fixed-point-local, the lesser, c = ||Kop|| and spread eta' >=
    ||Kop^(1/2) B F_N(h)||; error: of <v, Kop v> at unit v. Each step keeps ||v|| <= r and |v|_N <= m
    true, so that any number of steps may be taken. cN = kappa^2 tells nothing of ||Kop_N - Kop||:
    then m^2 = cN r^2.
    """
    c, f = constants.fixed_point, fixed_point
    spread = nonnegative("spread", spread) + math.sqrt(c.top) * c.residual
    size = float(np.linalg.norm(c.h))
    phi_2, phi_3 = (bounded_sup(constants.phi, m, c.kappa * (size + f.radius)) for m in (2, 3))
    bend = bend_of(f)
    radius, square = f.radius, f.cN * f.radius**2
    apart = f.cN - c.top + error if f.cN < c.kappa**2 else math.inf
    for _ in range(8):
        t = min(phi_2 * c.projective * square / 2, bend.value(radius))
        radius = min(radius, (f.eta + t) / (1 - f.eps))
        mean = (spread + math.sqrt(c.top) * (f.eps * radius + t)) ** 2 + apart * radius**2
        square = min(square, f.cN * radius**2, mean)
    return Motion(f, radius, square, phi_2, phi_3)


@states("thm-reading")
def reading_deviation(
    reading: Reading, motion: Motion, N: int, delta: float, *, slope_delta: float
) -> tuple[float, float]:
    """||l(DF_N(h*_N) - A)|| <= E + R: the two numbers, at levels delta and slope_delta.

    E bounds the mean of l(Z) - E l(Z); R = e r + (phi_3 sup||l(w (x) k)|| + phi_2 sup||l(T[B w])||) m^2/2
    with e the bound of the mean of l(Z') (x) k less its expectation. Errors of quadrature included.
    """
    first = best_deviation(reading.value, N, delta).deviation + reading.wrong
    e = best_deviation(reading.slope, N, slope_delta).deviation + reading.wrong_slope
    bent = motion.phi_3 * reading.outer + motion.phi_2 * reading.bend
    return first, e * motion.radius + bent * motion.square / 2
