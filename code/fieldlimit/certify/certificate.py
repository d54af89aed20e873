"""The certificate of one model at one size: all conclusions of chapters 10 to 12 on one event."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fieldlimit.certify.agreement import agreement_time
from fieldlimit.certify.budget import Budget, Event, budget
from fieldlimit.certify.claims import Claim, claims_of
from fieldlimit.certify.constants import (
    CertificateConstants,
    Departure,
    certificate_constants,
    require_smooth,
    settled_state,
)
from fieldlimit.certify.shift import moved_spectrum
from fieldlimit.certify.table import Constant, constants_of, events_of
from fieldlimit.checks import Array, positive, positive_integer
from fieldlimit.concentration import best_deviation
from fieldlimit.eigenvalues import GroupShift, SpectralCertificate, group_shift
from fieldlimit.field import Model
from fieldlimit.fixed_points import Certificate, lesser_certificate
from fieldlimit.long_times import AttractorConstants, TrajectoryCertificate, trajectory_certificate
from fieldlimit.statements import states

GROUP = 0.25  # share of the level of the spectrum for the leading group, where DF_N is self-adjoint


@dataclass(frozen=True)
class Agreement:
    """||h_N(t) - h*|| <= tolerance for 0 <= t <= time when h_N(0) = h*, h* of any type."""

    time: float  # in units of tau; inf: for ever
    tolerance: float
    zeta: float  # >= ||F_N(h*)||
    eps: float  # >= ||DF_N(h*) - DF(h*)||
    cN: float  # >= ||Kop_N||
    growth: float  # >= mu(DF_N(h*)), the logarithmic norm
    lipschitz: float  # of DF_N


@dataclass(frozen=True, eq=False)
class NetworkCertificate:
    """What holds for a network of N neurons, all at once, with probability >= 1 - delta.

    The parts are those of chapters 10, 11 and 12, None where not asked for or where the hypothesis
    on h* fails. `claims` says in words what holds and what does not, and which hypothesis fails;
    `table` has every constant with the label of its statement; `events` is the budget of delta.
    print() and notebooks show all three.
    """

    N: int
    delta: float
    constants: CertificateConstants
    budget: Budget
    fixed_point: Certificate | None
    spectrum: SpectralCertificate | None
    trajectories: TrajectoryCertificate | Agreement | None
    leading: GroupShift | None = None  # of the leading eigenvalues, where DF_N is self-adjoint

    @property
    def spectral_levels(self) -> tuple[float, float]:
        """The two parts of the level of the spectrum: for the operator and for the leading group."""
        return spectral_levels(self.constants, self.budget)

    @property
    def holds(self) -> bool:
        """True when every claim that was asked for holds."""
        return all(claim.holds for claim in self.claims)

    @property
    def reason(self) -> str:
        """The first hypothesis that fails, with its value; "" when none does."""
        return next((claim.reason for claim in self.claims if not claim.holds), "")

    @property
    def radius(self) -> float:
        """h*_N lies within it of h*; inf when nothing is certified."""
        return self.fixed_point.radius if self.fixed_point else math.inf

    @property
    def uniqueness(self) -> float:
        """No other zero of F_N is closer to h*."""
        return self.fixed_point.uniqueness if self.fixed_point else 0.0

    @property
    def same_type(self) -> bool:
        """DF_N(h*_N) is certified to have as many unstable directions as DF(h*), none neutral."""
        return self.spectrum is not None and self.spectrum.holds and self.spectrum.same_type

    @property
    def shift(self) -> float:
        """>= ||DF_N(h*_N) - DF(h*)||; inf when nothing is certified."""
        return self.spectrum.shift if self.spectrum else math.inf

    @cached_property
    def error(self) -> float:
        """>= ||h_N(t) - h(t)|| at all times t >= 0, from `start`; inf when that is not certified."""
        t = self.trajectories
        return t.error if isinstance(t, TrajectoryCertificate) and self.one_zero else math.inf

    @property
    def time(self) -> float:
        """For how long a network that starts in h* stays within the tolerance; inf: for ever."""
        if isinstance(self.trajectories, Agreement):
            return self.trajectories.time
        return 0.0 if self.apart else math.inf

    @property
    def apart(self) -> str:
        """The hypothesis that fails when nothing is certified of trajectories; "" when none does."""
        t = self.trajectories
        if t is None:
            return self.constants.failed or self.constants.no_trajectories or "not asked for"
        return (t.reason or self.two_zeros) if isinstance(t, TrajectoryCertificate) else ""

    @property
    def one_zero(self) -> bool:
        """The zero of thm-attractor is h*_N: it lies in the larger ball, or h*_N lies in the basin.

        True as well where one of the two parts is missing or fails.
        """
        f, t = self.fixed_point, self.trajectories
        if f is None or not f.holds or not isinstance(t, TrajectoryCertificate) or not t.holds:
            return True
        return t.radius < f.uniqueness or t.weight.ends[1] * f.radius < t.basin

    @property
    def two_zeros(self) -> str:
        """What is needed for `one_zero`, when it fails."""
        if self.one_zero:
            return ""
        f, t = self.fixed_point, self.trajectories
        assert f is not None and isinstance(t, TrajectoryCertificate)
        return f"R_- < r_+ is needed, but R_- = {t.radius:.3g} and r_+ = {f.uniqueness:.3g}"

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What was asked, with the answer, in words."""
        return claims_of(self)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events whose levels add up to delta."""
        return events_of(self)

    @property
    def table(self) -> tuple[Constant, ...]:
        """Every intermediate constant, with its statement and the error it includes."""
        return constants_of(self)

    def __str__(self) -> str:
        from fieldlimit.certify.report import text

        return text(self)

    def _repr_html_(self) -> str:
        from fieldlimit.certify.report import html

        return html(self)


@states("thm-certificate")
def certificate_at(
    constants: CertificateConstants,
    N: int,
    delta: float,
    *,
    tolerance: float = 0.1,
    discs: bool = True,
) -> NetworkCertificate:
    """thm-fixed-point or a sharper version, thm-resolvent and thm-attractor on one event of probability >= 1 - delta.

    Each part gets its share of delta (`budget`). Where DF_N is self-adjoint, a part of that of the
    spectrum is for thm-group-shift. The spectrum is argued on the event of the fixed point
    and one of its own; the trajectories have their own event, and on the intersection they speak of
    the same h*_N, since the zero is unique in the larger ball. At a zero
    that is not stable prop-agreement-time, with the tolerance, takes the place of thm-attractor.
    discs=False leaves out what costs most.
    """
    N, c = positive_integer("N", N), constants
    tolerance = positive("tolerance", tolerance)
    shared = budget(delta, spectrum=c.spectrum is not None, trajectories=c.trajectories is not None)
    first, _, third = shared.levels
    fixed = spectrum = leading = None
    long: TrajectoryCertificate | Agreement | None = None
    if c.fixed_point is not None:
        fixed = lesser_certificate(c.fixed_point, c.curvature, N, first)
    if c.spectrum is not None:
        assert fixed is not None and c.shift is not None
        second, group = spectral_levels(c, shared)
        spectrum = moved_spectrum(
            c.spectrum, c.shift, fixed, second, discs=discs and not c.symmetric
        )
        if c.leading is not None and discs:
            leading = group_shift(
                c.spectrum, c.leading, N, group, fixed_point=fixed, shift=spectrum.shift
            )
    if isinstance(c.trajectories, AttractorConstants):
        long = trajectory_certificate(c.trajectories, N, third)
    elif isinstance(c.trajectories, Departure):
        long = _agreement(c, c.trajectories, N, third, tolerance)
    return NetworkCertificate(N, delta, c, shared, fixed, spectrum, long, leading)


def spectral_levels(constants: CertificateConstants, shared: Budget) -> tuple[float, float]:
    """Of the operator's shift and of the leading group, which is 0 where there is none."""
    level, share = shared.levels[1], 0.0 if constants.leading is None else GROUP
    return (1 - share) * level, share * level


def certify(
    model: Model,
    N: int,
    delta: float,
    *,
    h: Array | None = None,
    rng: np.random.Generator | None = None,
    start: Array | None = None,
    tolerance: float = 0.1,
    spectrum: bool = True,
    trajectories: bool = True,
    reach: float = math.inf,
    n: int | None = None,
) -> NetworkCertificate:
    """What a network of N neurons has in common with its field near h*, with probability 1 - delta.

    Whether it has a fixed point near h*, where that is unique, how far from h* at most; whether its
    stability type is the same and how far at most each eigenvalue moves; how long trajectories
    agree. Or which hypothesis fails, and by how much.

    h (r,): a zero of F; None: the only stable one, searched for with rng. start (r,): h(0) of the
    trajectories, None: h*. tolerance: of prop-agreement-time, at a zero that is not stable. spectrum
    and trajectories: False leaves their share of delta to the others. reach: for an unbounded phi'',
    see `certificate_constants`. n: nodes of the quadratures, whose estimated errors are included.
    ValueError for a model that breaks a promise or lacks the smoothness, or when h is to be found
    and is not unique.
    """
    constants = constants_at(
        model, h, rng, start=start, spectrum=spectrum, trajectories=trajectories, reach=reach, n=n
    )  # fmt: skip
    return certificate_at(constants, N, delta, tolerance=tolerance)


def constants_at(
    model: Model,
    h: Array | None,
    rng: np.random.Generator | None,
    *,
    start: Array | None,
    spectrum: bool,
    trajectories: bool,
    reach: float,
    n: int | None,
) -> CertificateConstants:
    """`certificate_constants` at h, or at the settled state when h is None."""
    if h is None:
        if rng is None:
            raise ValueError("h or rng is given (to search for h), but both are None")
        require_smooth(model)
        h = settled_state(model, rng=rng)
    return certificate_constants(
        model, h, start=start, spectrum=spectrum, trajectories=trajectories, reach=reach, n=n
    )  # fmt: skip


def _agreement(
    c: CertificateConstants, departure: Departure, N: int, delta: float, tolerance: float
) -> Agreement:
    """zeta, eps and cN in the norm of H, at level delta/3 each."""
    fixed = c.fixed_point
    assert fixed is not None
    third = delta / 3
    zeta = best_deviation(departure.field, N, third).deviation + departure.residual
    eps = best_deviation(departure.derivative, N, third).deviation
    spread = best_deviation(fixed.receptive, N, third).deviation
    cN = min(fixed.kappa**2, fixed.top + spread)
    La = fixed.curvature * c.model.kernel.omega * cN
    tolerance = min(tolerance, fixed.reach)
    growth = departure.growth + eps
    time = agreement_time(zeta, growth, La, tolerance)
    return Agreement(time, tolerance, zeta, eps, cN, growth, La)
