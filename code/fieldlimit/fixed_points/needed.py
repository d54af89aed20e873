"""From which N on a fixed point is certified."""

from __future__ import annotations

import math

from fieldlimit.fixed_points.certificate import (
    Certificate,
    FixedPointConstants,
    fixed_point_certificate,
)
from fieldlimit.fixed_points.local import Curvature, local_certificate


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

    high = 1
    while not good(high):
        if high >= most:
            reason = certificate(most).reason
            raise ValueError(f"N <= {most} is needed to certify, but at N = {most}: {reason}")
        high = min(2 * high, most)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if good(middle) else (middle, high)
    return high
