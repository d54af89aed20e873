"""From which N on a fixed point is certified."""

from __future__ import annotations

import math

from fieldlimit.fixed_points.certificate import (
    Certificate,
    FixedPointConstants,
    fixed_point_certificate,
)
from fieldlimit.fixed_points.local import Curvature, local_certificate
from fieldlimit.least import least_number


def neurons_to_certify(
    constants: FixedPointConstants,
    delta: float,
    *,
    curvature: Curvature | None = None,
    radius: float = math.inf,
    most: int = 10**9,
) -> int:
    """The least N whose certificate holds with a radius <= `radius`; ValueError when N > most.

    By thm-fixed-point; with a curvature by thm-fixed-point-local.
    """

    def certificate(N: int) -> Certificate:
        if curvature is None:
            return fixed_point_certificate(constants, N, delta)
        return local_certificate(constants, curvature, N, delta)

    def good(N: int) -> bool:
        found = certificate(N)
        return found.holds and found.radius <= radius

    def why(N: int) -> str:
        found = certificate(N)
        return found.reason or f"the radius is {found.radius:.3g}"

    return least_number(good, most, why)
