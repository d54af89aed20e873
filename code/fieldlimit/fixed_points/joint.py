"""The a-priori certificate with value and slope of B F_N in one event, and the lesser of two routes."""

from __future__ import annotations

from collections.abc import Mapping

from fieldlimit.checks import positive_integer, probability
from fieldlimit.concentration import best_deviation
from fieldlimit.fixed_points.certificate import (
    Certificate,
    FixedPointConstants,
    checked_shares,
    fixed_point_certificate,
)
from fieldlimit.fixed_points.local import QUARTERS, Curvature
from fieldlimit.fixed_points.majorant import Bend, Pairs, joint_radii
from fieldlimit.statements import states

# By label, of the events of each route in their order: the radius is proportional to the first bound.
SHARES: Mapping[str, tuple[float, ...]] = {
    "thm-fixed-point": (0.7, 0.2, 0.1),  # eta, eps, cN
    "prop-joint-radius": (0.85, 0.1, 0.02, 0.03),  # eta_ga, eps, cN, eps'
}


@states("prop-joint-radius")
def joint_certificate(
    constants: FixedPointConstants,
    curvature: Curvature,
    N: int,
    delta: float,
    *,
    shares: tuple[float, ...] = QUARTERS,
) -> Certificate:
    """r_-+ of prop-joint-radius: the zeros of sup (x + y t) - t + Psi(t), x^2 + ga^2 y^2 <= eta_ga^2, y <= eps.

    eta_ga >= (||B F_N(h)||^2 + ga^2 ||B (DF_N(h) - A)||^2)^(1/2), eps, cN and eps' may fail with the given shares
    of delta (positive, sum 1), Psi is as in `local_certificate`, and ga is the first of `PairLaws.gammas` that serves.
    Quadrature errors, ||B F(h)|| and ||Id - B DF(h)|| are included.
    """
    N, delta = positive_integer("N", N), probability("delta", delta)
    levels = [share * delta for share in checked_shares(shares, 4)]
    c = constants
    eps, spread, second = (
        best_deviation(law, N, level).deviation
        for law, level in zip((c.derivative, c.receptive, curvature.law), levels[1:], strict=True)
    )
    cN = min(c.kappa**2, c.top + spread)
    La = c.curvature * c.projective * cN
    centre = min(La, curvature.centre + second)
    bend = Bend(La, centre, curvature.third * c.kappa * c.projective * cN)

    def certificate(gamma: float) -> Certificate:
        joint = best_deviation(curvature.pairs.at(gamma), N, levels[0]).deviation
        radii = joint_radii(
            Pairs(joint, gamma, eps), bend, residual=c.residual, defect=c.defect, reach=c.reach
        )
        return Certificate(
            N, delta, joint + c.residual, min(eps, joint / gamma) + c.defect, cN, La, radii.q,
            radii.existence, radii.uniqueness, second, centre, bend.growth, joint, gamma,
        )  # fmt: skip

    first, *others = curvature.pairs.gammas(eps)
    found = certificate(first)
    return found if found.holds else min([found, *map(certificate, others)], key=lambda one: one.q)


def lesser_certificate(
    constants: FixedPointConstants, curvature: Curvature | None, N: int, delta: float
) -> Certificate:
    """The promise of the lesser radius: numbers fixed before the draw, the events those of its route."""
    plain = fixed_point_certificate(constants, N, delta, shares=SHARES["thm-fixed-point"])
    if curvature is None:
        return plain
    joint = joint_certificate(constants, curvature, N, delta, shares=SHARES["prop-joint-radius"])
    return plain if plain.radius < joint.radius else joint
