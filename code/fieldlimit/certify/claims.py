"""What a certificate says, claim by claim, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fieldlimit.long_times import TrajectoryCertificate

if TYPE_CHECKING:
    from fieldlimit.certify.certificate import NetworkCertificate


@dataclass(frozen=True)
class Claim:
    """A question, whether the certificate settles it, and the answer or the hypothesis that fails."""

    name: str
    question: str
    holds: bool
    answer: str  # "" when it does not hold
    reason: str  # "" when it holds
    label: str


def claims_of(c: NetworkCertificate) -> tuple[Claim, ...]:
    """Fixed point, its type, its eigenvalues, trajectories: those that were asked for."""
    claims = [_fixed_point(c)]
    if c.constants.spectrum is not None or c.constants.failed:
        claims += [_type(c), _eigenvalues(c)]
    if c.trajectories is not None or c.constants.no_trajectories or c.constants.failed:
        claims.append(_trajectories(c))
    return tuple(claims)


def _fixed_point(c: NetworkCertificate) -> Claim:
    question = "Has the network a fixed point near h*?"
    f = c.fixed_point
    if f is None or not f.holds:
        reason = c.constants.failed if f is None else f.reason
        return Claim("fixed point", question, False, "", reason, "thm-fixed-point")
    alone = (
        "the only one in the whole space"
        if math.isinf(f.uniqueness)
        else f"the only one within {rounded_down(f.uniqueness)}"
    )
    answer = f"Yes: one within {rounded_up(f.radius)} of h*, {alone}."
    return Claim("fixed point", question, True, answer, "", f.label)


def _type(c: NetworkCertificate) -> Claim:
    question = "Is it of the same stability type?"
    s = c.spectrum
    if s is None or not (s.holds and s.same_type):
        reason = c.constants.failed if s is None else s.reason
        return Claim("type", question, False, "", reason, "thm-resolvent")
    kind = (
        "stable"
        if s.unstable == 0
        else f"a state with {s.unstable} unstable direction{'s' * (s.unstable > 1)}"
    )
    answer = f"Yes: {kind}, like h*."
    abscissa = s.abscissa
    if c.constants.symmetric:
        up = min(s.shift, c.leading.up) if c.leading else s.shift
        abscissa = c.constants.eigenvalues[0].real + up
    if s.unstable == 0 and math.isfinite(abscissa):
        answer += f" All its eigenvalues have real parts below {rounded_up(abscissa)}."
    return Claim("type", question, True, answer, "", "thm-resolvent")


def _eigenvalues(c: NetworkCertificate) -> Claim:
    question = "How far does each eigenvalue move?"
    s = c.spectrum
    if s is None or not s.holds:
        reason = c.constants.failed if s is None else s.reason
        return Claim("eigenvalues", question, False, "", reason, "thm-resolvent")
    if c.constants.symmetric:
        answer = f"By at most {rounded_up(s.shift)}, one by one in their order"
        lead, label = c.leading, "thm-weyl"
        if lead is not None and lead.size < s.shift:
            number, label = lead.group.size, "thm-group-shift"
            who = "the leading one" if number == 1 else f"the leading {number}"
            answer += f"; {who} by at most {rounded_up(lead.size)}"
        return Claim("eigenvalues", question, True, answer + ".", "", label)
    if not s.discs:
        answer = f"The derivative moves by at most {rounded_up(s.shift)}."
        return Claim("eigenvalues", question, True, answer, "", "thm-resolvent")
    first = s.discs[0]
    answer = (
        f"The disc of radius {rounded_up(first.radius)} around the leading one, {_complex(first.centre)}, "
        f"holds {first.count} of A and as many of the network; the others have discs of radius up "
        f"to {rounded_up(max(disc.radius for disc in s.discs))}."
    )
    return Claim("eigenvalues", question, True, answer, "", "prop-disc")


def _trajectories(c: NetworkCertificate) -> Claim:
    question = "How long do trajectories agree?"
    t = c.trajectories
    if t is None or c.apart:
        return Claim("trajectories", question, False, "", c.apart, "thm-attractor")
    if isinstance(t, TrajectoryCertificate):
        where = "h*" if t.distance == 0 else f"h(0), at the distance {t.distance:.3g} from h*"
        answer = (
            f"For ever: from {where}, they are never farther apart than {rounded_up(c.error)}; every one that "
            f"starts within {rounded_down(t.basin / t.weight.ends[1])} of h* tends to h*_N, at the rate {rounded_down(t.rate)}."
        )
        return Claim("trajectories", question, True, answer, "", "thm-attractor")
    long = "for ever" if math.isinf(t.time) else f"up to the time {rounded_down(t.time)}"
    answer = f"From h*, the network stays within {t.tolerance:.3g} of it {long}."
    return Claim("trajectories", question, True, answer, "", "prop-agreement-time")


def rounded_up(x: float) -> str:
    """Three digits, rounded upwards: what is printed is a bound as well."""
    return _directed(x, math.ceil)


def rounded_down(x: float) -> str:
    """Three digits, rounded downwards."""
    return "inf" if math.isinf(x) else _directed(x, math.floor)


def _directed(x: float, to_whole) -> str:  # type: ignore[no-untyped-def]
    if x == 0 or not math.isfinite(x):
        return f"{x:g}"
    unit = 10.0 ** (math.floor(math.log10(abs(x))) - 2)
    return f"{to_whole(x / unit) * unit:.3g}"


def _complex(z: complex) -> str:
    return f"{z.real:.3g}" if abs(z.imag) < 1e-12 else f"{z.real:.3g}{z.imag:+.3g}i"
