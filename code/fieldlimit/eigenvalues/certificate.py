"""The spectral certificate: fixed point, derivative there, number of unstable directions, discs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from fieldlimit.checks import Array, nonnegative, positive_integer, probability, readonly, shaped
from fieldlimit.concentration import Fluctuation, best_deviation, fluctuation
from fieldlimit.eigenvalues.resolvent import (
    Disc,
    StabilityRadius,
    certified_abscissa,
    certified_discs,
    stability_radius,
)
from fieldlimit.eigenvalues.summands import (
    curvature_tensor,
    motion_fluctuation,
    quadratures,
    tensor_norm,
    weighted,
)
from fieldlimit.field import Model, VectorField, bounded_sup, neural_field
from fieldlimit.fixed_points import (
    Bend,
    Certificate,
    FixedPointConstants,
    fixed_point_certificate,
    fixed_point_constants,
)
from fieldlimit.kernels import features
from fieldlimit.least import least_number
from fieldlimit.nonlinearities import Nonlinearity
from fieldlimit.statements import states

FIRST_ORDER = 4 / 5  # share of E2, the rest for e2, where the fixed point is paid for elsewhere
SECOND_NODES = (
    512  # most nodes for the law of D^2F_N, which enters to second order, beyond one dimension
)


@dataclass(frozen=True, eq=False)
class EigenvalueConstants:
    """All that is asked of a model at a zero h of F for its eigenvalues; free of N and delta."""

    fixed_point: FixedPointConstants
    A: Array  # (r, r)  DF(h), the inverse of fixed_point.B
    phi: Nonlinearity
    omega: float  # sup ||w_x||; with a weight, sup ||C^{-1} w_x|| ||C^{-1}||
    inflation: float  # ||C^{-1}||^2, 1 without a weight
    derivative: Fluctuation  # of w_x phi'(h(x)) (x) k_x
    total: Fluctuation | None  # of Z, the motion of h* included; None where phi is not C^3
    second: Fluctuation | None  # of w_x phi''(h(x)) (x) k_x (x) k_x
    bend: float  # ||D^2F(h)||, from H to Hilbert-Schmidt
    bend_error: float  # of T, by quadrature
    radius: StabilityRadius  # of A, on the imaginary axis
    T: Array | None = (
        None  # (r, r, r)  v -> D^2F(h)[v, .], seen through the weight; None as `total`
    )

    @property
    def unstable(self) -> int:
        """The number of eigenvalues of A in Re z > 0, with multiplicity."""
        return int((np.linalg.eigvals(self.A).real > 0).sum())


@dataclass(frozen=True)
class Shift:
    """||DF_N(h*_N) - DF(h*)|| <= total with probability >= 1 - delta; inf where nothing is certified.

    With a weight C in the constants: ||C^{-1} (DF_N(h*_N) - DF(h*)) C^{-1}|| <= total.

    fixed + motion is the plain route (at = h*, then from h* to h*_N), linear + remainder the one by
    the first-order mean; total is the lesser sum. inf: a route does not apply.
    """

    fixed_point: Certificate  # of the route taken
    fixed: float  # E1 >= ||DF_N(h*) - A||
    motion: float
    linear: float
    remainder: float

    @property
    def total(self) -> float:
        """The lesser of the two sums."""
        return min(self.fixed + self.motion, self.linear + self.remainder)

    @property
    def plain(self) -> bool:
        """True when that is the sum of the plain route."""
        return self.fixed + self.motion <= self.linear + self.remainder


@dataclass(frozen=True)
class SpectralCertificate:
    """What is known of DF_N(h*_N) with probability >= 1 - delta over the locations, all at once.

    h*_N is the zero of `fixed_point`. ||DF_N(h*_N) - A|| <= shift. same_type: DF_N(h*_N) has exactly
    `unstable` eigenvalues in Re z > 0, as A has, and none on the axis. Re z < abscissa for all of
    its eigenvalues; -abscissa is a certified rate of decay when positive. Each disc holds as many
    eigenvalues of DF_N(h*_N) as of A.
    """

    N: int
    delta: float
    fixed_point: Certificate
    E1: float  # >= ||DF_N(h*) - A||
    shift: float
    stability_radius: float
    unstable: int  # of A
    abscissa: float
    discs: tuple[Disc, ...]
    moved: Shift  # how the shift comes about

    @property
    def holds(self) -> bool:
        """True when h*_N is certified, so that the shift is a number."""
        return math.isfinite(self.shift)

    @property
    def same_type(self) -> bool:
        """True when DF_N(h*_N) has as many unstable directions as A."""
        return self.shift < self.stability_radius

    @property
    def stable(self) -> bool:
        """True when h*_N is certified to be exponentially stable."""
        return self.same_type and self.unstable == 0

    @property
    def reason(self) -> str:
        """The hypothesis that fails, of the fixed point or of its type, with its value; "" if none."""
        if not self.holds:
            return self.fixed_point.reason
        if self.same_type:
            return ""
        return (
            f"shift < stability radius is needed, but shift = {self.shift:.3g}, "
            f"stability radius = {self.stability_radius:.3g}"
        )


def eigenvalue_constants(
    model: Model,
    h: Array,
    *,
    weight: Array | None = None,
    A: Array | None = None,
    n: int | None = None,
    reach: float = math.inf,
) -> EigenvalueConstants:
    """The constants at a zero h (r,) of F, by quadratures with about n nodes (None: defaults).

    weight C (r, r), symmetric and positive: the shift then bounds ||C^{-1} (DF_N(h*_N) - A) C^{-1}||,
    for `weyl_intervals` in relative form; the kernel must be symmetric and positive, in native
    features. A: as in `fixed_point_constants`. Raises ValueError otherwise, and where `fixed_point_constants` does.
    """
    fixed_point = fixed_point_constants(model, h, A=A, n=n, reach=reach)
    r, space = model.kernel.rank, model.kernel.space
    inverse: Array | None = None
    if weight is not None:
        inverse = np.linalg.inv(shaped("weight", weight, (r, r))).astype(float)
    seen = model if inverse is None else weighted(model, inverse)
    state = h if weight is None else weight @ h  # where `seen` has the potentials of h
    F = neural_field(model, n)
    T = total = second = None
    bend = bend_error = 0.0
    if model.phi.smoothness >= 3:
        T = _seen(curvature_tensor(F, h), inverse)
        coarse = [_seen(_tensor(model, h, x, p), inverse) for x, p in quadratures(space, n)[1:]]
        bend, bend_error = tensor_norm(T), max((tensor_norm(T - C) for C in coarse), default=0.0)
        total = motion_fluctuation(model, h, T, fixed_point.B, n, inverse)
        second = fluctuation(model, h, 2, _fewer(model, n))
    inflation = 1.0 if inverse is None else float(np.linalg.norm(inverse, 2)) ** 2
    A = F.derivative(h) if A is None else A
    return EigenvalueConstants(
        fixed_point,
        readonly(A.copy()),
        model.phi,
        seen.kernel.omega * math.sqrt(inflation),
        inflation,
        fluctuation(seen, state, 1, n),
        total,
        second,
        bend,
        bend_error,
        stability_radius(A),
        T,
    )


@states("thm-moved-derivative")
def derivative_shift(
    constants: EigenvalueConstants,
    N: int,
    delta: float,
    *,
    E1: float | None = None,
    E2: float | None = None,
    fixed_point: Certificate | None = None,
) -> Shift:
    """||DF_N(h*_N) - A|| <= min(E1 + L r_-, E2 + R), each with probability >= 1 - delta.

    Plain: E1 >= ||DF_N(h*) - A|| at level delta/2 (given, or the least guarantee of chapter 7 in
    Hilbert-Schmidt norm), L = phi_2 omega cN, r_- and cN from thm-fixed-point at level delta/2.
    First order: E2 bounds the mean of Z - EZ at level delta/2; the remainder is
    R = phi_3 kappa omega cN r_-^2/2 + e2 r_- + ||D^2F(h*)|| (eps r_- + Psi(r_-)), Psi(t) = La t^2/2
    or that of thm-fixed-point-local, with r_-, eps, La and cN at level 3 delta/8 and
    e2 >= ||D^2F_N(h*) - D^2F(h*)|| at level delta/8. The sups of phi''
    and phi''' are over |s| <= kappa (||h*|| + r_-). Errors of quadrature included.

    fixed_point: a certificate at N whose event is paid for elsewhere. Then r_-, eps, Psi and cN are its
    own, and delta is left for E1 alone, or for E2 and e2 in the ratio 4 : 1 as above. E2: given, in
    operator norm or a larger one.
    """
    N, delta = positive_integer("N", N), probability("delta", delta)
    c, paid = constants.fixed_point, fixed_point
    if paid is not None and paid.N != N:
        raise ValueError(f"the fixed point is that of N = {N} neurons, but its N is {paid.N}")
    shares = (1 / 2, 1 / 2, 1 / 8) if paid is None else (1.0, FIRST_ORDER, 1 - FIRST_ORDER)
    E1_level, E2_level, e2_level = (share * delta for share in shares)
    wrong = (
        constants.inflation * float(np.linalg.norm(constants.A, 2)) * c.defect
    )  # >= ||A - DF(h)||
    plain = fixed_point_certificate(c, N, delta / 2) if paid is None else paid
    if E1 is None:
        E1 = best_deviation(constants.derivative, N, E1_level).deviation
    fixed, motion = nonnegative("E1", E1) + wrong, math.inf
    if plain.holds:
        phi_2 = _local_sup(constants, 2, plain.radius)
        motion = phi_2 * constants.omega * plain.cN * plain.radius
    linear = remainder = math.inf
    sharp = fixed_point_certificate(c, N, 3 * delta / 8) if paid is None else paid
    if constants.total is not None and constants.second is not None and sharp.holds:
        if E2 is None:
            E2 = best_deviation(constants.total, N, E2_level).deviation
        linear = nonnegative("E2", E2) + wrong + constants.bend * c.residual
        e2 = constants.inflation * best_deviation(constants.second, N, e2_level).deviation
        r = sharp.radius
        third = _local_sup(constants, 3, r) * c.kappa * constants.omega * sharp.cN / 2
        e2 += constants.bend_error
        beyond = sharp.eps * r + bend_of(sharp).value(r)  # >= ||h*_N - h* + B F_N(h*)||
        remainder = third * r**2 + e2 * r + constants.bend * beyond
    shift = Shift(plain, fixed, motion, linear, remainder)
    return shift if shift.plain else replace(shift, fixed_point=sharp)


@states("thm-resolvent")
def spectral_certificate(
    constants: EigenvalueConstants,
    N: int,
    delta: float,
    *,
    E1: float | None = None,
    E2: float | None = None,
    fixed_point: Certificate | None = None,
    discs: bool = True,
) -> SpectralCertificate:
    """||DF_N(h*_N) - A|| <= shift, and what follows by the resolvent of A: counts, rate, discs.

    E1, E2, fixed_point: as in `derivative_shift`. Without a fixed point, E1 holds with probability
    1 - delta/2; with one, with 1 - delta. None: by chapter 7. discs=False leaves out the discs and the
    abscissa, which cost most.
    """
    if constants.inflation != 1.0:
        raise ValueError("constants without a weight are needed, but these have one")
    moved = derivative_shift(constants, N, delta, E1=E1, E2=E2, fixed_point=fixed_point)
    shift, A = moved.total, constants.A
    abscissa = math.inf
    found: tuple[Disc, ...] = ()
    if discs and math.isfinite(shift):
        abscissa = certified_abscissa(A, shift)
        found = tuple(certified_discs(A, shift))
    return SpectralCertificate(
        N,
        delta,
        moved.fixed_point,
        moved.fixed,
        shift,
        constants.radius.lower,
        constants.unstable,
        abscissa,
        found,
        moved,
    )


def neurons_to_keep_type(constants: EigenvalueConstants, delta: float, *, most: int = 10**9) -> int:
    """The least N whose certificate has the same type; ValueError when N > most."""

    def at(N: int) -> SpectralCertificate:
        return spectral_certificate(constants, N, delta, discs=False)

    return least_number(lambda N: at(N).same_type, most, lambda N: at(N).reason)


def bend_of(fixed_point: Certificate) -> Bend:
    """Psi with ||B(F_N(h* + v) - F_N(h*) - DF_N(h*)v)|| <= Psi(||v||) on the event of the certificate."""
    f = fixed_point
    return Bend(f.lipschitz, min(f.lipschitz, f.centre), f.growth)


def _local_sup(constants: EigenvalueConstants, m: int, radius: float) -> float:
    c = constants.fixed_point
    return bounded_sup(constants.phi, m, c.kappa * (float(np.linalg.norm(c.h)) + radius))


def _seen(T: Array, inverse: Array | None) -> Array:
    """C^{-1} T[.] C^{-1}."""
    return T if inverse is None else np.einsum("ai,vij,jb->vab", inverse, T, inverse, optimize=True)


def _tensor(model: Model, h: Array, x: Array, p: Array) -> Array:
    k, w = features(model.kernel, x)
    return curvature_tensor(VectorField(k, w, p, model.phi, model.I), h)


def _fewer(model: Model, n: int | None) -> int | None:
    """Nodes for the third-order tensors: the default on a line, at most SECOND_NODES elsewhere."""
    if model.kernel.space.dimension == 1:
        return n
    return SECOND_NODES if n is None else min(n, SECOND_NODES)
