"""Every intermediate constant of a certificate, with its statement and its error; and the events."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from fieldlimit.certify.budget import Event
from fieldlimit.certify.shift import RandomPart, first_order_part, fixed_part, of_chapter_7
from fieldlimit.concentration import Fluctuation, best_deviation
from fieldlimit.eigenvalues.certificate import FIRST_ORDER
from fieldlimit.fixed_points.joint import SHARES
from fieldlimit.long_times import AttractorConstants, TrajectoryCertificate
from fieldlimit.spaces import FiniteSpace

if TYPE_CHECKING:
    from fieldlimit.certify.certificate import NetworkCertificate

Accuracy = Literal["exact", "bound", "estimate", "derived"]


@dataclass(frozen=True)
class Constant:
    """One number of a certificate.

    accuracy: "exact", a finite sum or a closed form, to rounding; "bound", a proven bound that no
    numerical error touches; "estimate", a quadrature whose estimated error `added` is included;
    "derived", a formula in the constants above it.
    """

    symbol: str
    value: float
    meaning: str
    label: str  # of the statement that it comes from
    accuracy: Accuracy
    added: float = 0.0


def events_of(c: NetworkCertificate) -> tuple[Event, ...]:
    """The events of the parts that are there; their levels add up to delta (of a full certificate)."""
    first, _, third = c.budget.levels
    second, group = c.spectral_levels
    found: list[Event] = []
    if c.fixed_point is not None:
        f, shares = c.fixed_point, SHARES[c.fixed_point.label]
        together = f"||(B F_N(h*), gamma B (DF_N(h*) - A))|| <= eta_gamma = {f.joint:.3g}"
        parts_of_radius = [
            together if math.isfinite(f.joint) else f"||B F_N(h*)|| <= eta = {f.eta:.3g}",
            f"||B (DF_N(h*) - A)|| <= eps = {f.eps:.3g}",
            f"||Kop_N|| <= cN = {f.cN:.3g}",
            f"||B (D^2F_N(h*) - D^2F(h*))|| <= eps' = {f.second:.3g}",
        ]
        found += [
            Event(text, "fixed point", first * share)
            for text, share in zip(parts_of_radius, shares, strict=False)
        ]
    if c.spectrum is not None:
        moved = c.spectrum.moved
        parts = {f"||DF_N(h*) - A|| <= E1 = {moved.fixed:.3g}": 1.0}
        if not moved.plain:
            parts = {
                f"||mean of Z - EZ|| <= E2 = {moved.linear:.3g}": FIRST_ORDER,
                "||D^2F_N(h*) - D^2F(h*)|| <= eps_2": 1 - FIRST_ORDER,
            }
        found += [Event(text, "spectrum", second * share) for text, share in parts.items()]
    if c.spectrum is not None and group > 0.0:
        end = f" <= {c.leading.size:.3g}" if c.leading else ""
        found.append(Event(f"|shift of the leading eigenvalue|{end}", "spectrum", group))
    if c.trajectories is not None:
        t = c.trajectories
        where = "all h(t)" if isinstance(t, TrajectoryCertificate) and t.distance > 0 else "h*"
        norm = ", in the norm of P" if isinstance(t, TrajectoryCertificate) else ""
        texts = (
            f"||F_N - F|| <= zeta = {t.zeta:.3g} at {where}{norm}",
            f"||DF_N(h*) - A|| <= {t.eps:.3g}{norm}",
            f"||Kop_N|| <= {t.cN:.3g}{norm}",
        )
        found += [Event(text, "trajectories", third / 3) for text in texts]
    return tuple(found)


def constants_of(c: NetworkCertificate) -> tuple[Constant, ...]:
    """The constants of the parts that are there, in the order in which they are derived."""
    return (*_of_fixed_point(c), *_of_spectrum(c), *_of_trajectories(c))


def _of_fixed_point(c: NetworkCertificate) -> Iterator[Constant]:
    f, k = c.fixed_point, c.constants.fixed_point
    if f is None or k is None:
        return
    label, bent = f.label, c.constants.curvature
    levels = [c.budget.levels[0] * share for share in SHARES[label]]
    yield _sum("residual", k.residual, "||B F(h*)||: Newton's method and quadrature", c, k.residual)
    yield _sum("defect", k.defect, "||Id - B DF(h*)||: the same", c, k.defect)
    yield Constant(
        "phi_2", k.curvature, "sup |phi''| where potentials can be", "thm-smooth", "bound"
    )
    yield Constant("sup||B w||", k.projective, "over all locations", "thm-fixed-point", "bound")
    if bent is not None and math.isfinite(f.joint):
        law, meaning = bent.pairs.at(f.gamma), "value and slope together"
        yield _deviation("eta_gamma", law, f.joint, c, levels[0], 0.0, meaning)
        yield _derived("gamma", f.gamma, "weight of the slope, in units of h", label)
        yield _derived("eta", f.eta, "||B F_N(h*)||", label)
    else:
        yield _deviation("eta", k.field, f.eta, c, levels[0], k.residual, "||B F_N(h*)||")
    meaning = "||B (DF_N(h*) - A)||"
    if math.isfinite(f.joint) and f.eps == f.joint / f.gamma + k.defect:
        yield _derived("eps", f.eps, f"{meaning}, as eta_gamma/gamma", label)
    else:
        yield _deviation("eps", k.derivative, f.eps, c, levels[1], k.defect, meaning)
    yield _deviation("cN", k.receptive, f.cN, c, levels[2], 0.0, "||Kop_N||")
    yield _derived("La", f.lipschitz, "Lipschitz constant of B DF_N", "thm-fixed-point")
    if f.plain or bent is None:
        yield _derived("q", f.q, "2 eta La/(1 - eps)^2, below 1", label)
    else:
        meaning = "||B (D^2F_N(h*) - D^2F(h*))||"
        yield _deviation("eps'", bent.law, f.second, c, levels[3], 0.0, meaning)
        bend = _shown(c, bent.error)
        yield Constant("La_*", f.centre, "||B D^2F_N(h*)||", label, _accuracy(c), bend)
        yield _derived("La'", f.growth, "Lipschitz constant of B D^2F_N", label)
        share = "share of the largest that is allowed, below 1"
        yield _derived("q", f.q, share, label)
    yield _derived("r_-", f.radius, "h*_N lies within it of h*", label)
    yield _derived("r_+", f.uniqueness, "no other zero lies within it", label)


def _of_spectrum(c: NetworkCertificate) -> Iterator[Constant]:
    s, k = c.spectrum, c.constants.spectrum
    if s is None or k is None:
        return
    level, moved, laws = c.spectral_levels[0], s.moved, c.constants.shift
    assert laws is not None
    if moved.plain:
        part = fixed_part(laws, c.N, level)
        yield _random("E1", part, moved.fixed, c, "||DF_N(h*) - A||")
        yield _derived("motion", moved.motion, "phi_2 omega cN r_-", "thm-moved-derivative")
    else:
        first = first_order_part(k, laws, c.N, FIRST_ORDER * level)
        assert first is not None and k.second is not None
        yield _random("E2", first, moved.linear, c, "||mean of Z - EZ||, to first order")
        e2 = of_chapter_7(k.second, c.N, (1 - FIRST_ORDER) * level)
        bent = e2.value + k.bend_error
        yield _random("eps_2", e2, bent, c, "||D^2F_N(h*) - D^2F(h*)||")
        bend = _shown(c, k.bend_error)
        yield Constant("||T||", k.bend, "||D^2F(h*)||", "thm-moved-derivative", _accuracy(c), bend)
        yield _derived(
            "R", moved.remainder, "remainder of Taylor's formula", "thm-moved-derivative"
        )
    yield _derived("shift", s.shift, "||DF_N(h*_N) - A||", "thm-moved-derivative")
    if c.leading is not None:
        yield _derived("up", c.leading.up, "leading eigenvalue, upwards at most", "thm-group-shift")
        yield _derived("down", c.leading.down, "the same downwards", "thm-group-shift")
    yield Constant(
        "stability radius",
        s.stability_radius,
        "least perturbation of A with spectrum on the axis",
        "lem-hamiltonian",
        "bound",
    )


def _of_trajectories(c: NetworkCertificate) -> Iterator[Constant]:
    t, k = c.trajectories, c.constants.trajectories
    if t is None or k is None:
        return
    level = c.budget.levels[2] / 3
    if isinstance(t, TrajectoryCertificate) and isinstance(k, AttractorConstants):
        norm = "in the norm of P"
        yield _derived("alpha", t.alpha, f"-mu(A), {norm}", "prop-log-norm")
        if k.path is None:
            yield _deviation("zeta", k.field, t.zeta, c, level, k.residual, f"||F_N(h*)||, {norm}")
        else:
            yield _derived("zeta", t.zeta, f"||F_N - F|| along h(t), {norm}", "prop-path")
        yield _deviation("eps_P", k.derivative, t.eps, c, level, 0.0, f"||DF_N(h*) - A||, {norm}")
        yield _deviation("cN_P", k.receptive, t.cN, c, level, 0.0, f"||Kop_N||, {norm}")
        yield _derived("La_P", t.lipschitz, f"Lipschitz constant of DF_N, {norm}", "thm-attractor")
        yield _derived("q_P", t.q, "2 zeta La/(alpha - eps)^2, below 1", "thm-attractor")
        yield _derived("R_-", t.radius, "where trajectories end", "thm-attractor")
        yield _derived("R_+", t.basin, f"radius of the basin, {norm}", "thm-attractor")
        return
    assert not isinstance(t, TrajectoryCertificate) and not isinstance(k, AttractorConstants)
    yield _deviation("zeta", k.field, t.zeta, c, level, k.residual, "||F_N(h*)||")
    yield _deviation("E1", k.derivative, t.eps, c, level, 0.0, "||DF_N(h*) - A||")
    yield _derived("growth", t.growth, "mu(DF_N(h*))", "prop-log-norm")
    yield _derived("La", t.lipschitz, "Lipschitz constant of DF_N", "prop-agreement-time")
    yield _derived("t_R", t.time, "time of agreement", "prop-agreement-time")


def _deviation(
    symbol: str,
    law: Fluctuation,
    value: float,
    c: NetworkCertificate,
    level: float,
    extra: float,
    meaning: str,
) -> Constant:
    """A guarantee of chapter 7: its label, and what of it is error of quadrature."""
    guarantee = best_deviation(law, c.N, level)
    bare = best_deviation(replace(law, replicates=()), c.N, level).deviation
    added = max(0.0, guarantee.deviation - bare) + extra
    label = guarantee.label if guarantee.label.startswith("thm-") else "thm-fixed-point"
    return Constant(symbol, value, meaning, label, _accuracy(c), _shown(c, added))


def _random(
    symbol: str, part: RandomPart, value: float, c: NetworkCertificate, meaning: str
) -> Constant:
    """A part of the shift; what value exceeds that of the part by is error of quadrature as well."""
    added = max(0.0, part.added) + max(0.0, value - part.value)
    return Constant(symbol, value, meaning, part.label, _accuracy(c), _shown(c, added))


def _derived(symbol: str, value: float, meaning: str, label: str) -> Constant:
    return Constant(symbol, value, meaning, label, "derived")


def _sum(symbol: str, value: float, meaning: str, c: NetworkCertificate, added: float) -> Constant:
    return Constant(symbol, value, meaning, "thm-fixed-point", _accuracy(c), _shown(c, added))


def _accuracy(c: NetworkCertificate) -> Accuracy:
    return "exact" if isinstance(c.constants.model.kernel.space, FiniteSpace) else "estimate"


def _shown(c: NetworkCertificate, added: float) -> float:
    return added if math.isfinite(added) and _accuracy(c) == "estimate" else 0.0
