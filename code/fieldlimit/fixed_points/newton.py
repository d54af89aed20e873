"""Newton's method as a proof: from three numbers at a point to a zero nearby."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fieldlimit.checks import nonnegative
from fieldlimit.statements import states

# Rounding of a computed radius, relative: added so that a returned number errs on the safe side.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Radii:
    """Exactly one zero closer than `uniqueness`, and it lies within `existence`.

    existence = inf and uniqueness = 0 when the hypothesis fails; q says by how much (q <= 1 is
    needed; inf when the defect is 1 or more).
    """

    q: float
    existence: float  # r_-
    uniqueness: float  # r_+

    @property
    def holds(self) -> bool:
        """True when there is a zero."""
        return math.isfinite(self.existence)


@states("lem-newton-kantorovich")
def newton_kantorovich(
    residual: float, defect: float, lipschitz: float, reach: float = math.inf
) -> Radii:
    """r_-+ = (1 - Z)(1 -+ sqrt(1 - q))/Lambda with q = 2 Y Lambda/(1 - Z)^2 <= 1 and Z < 1.

    residual Y >= ||B G(h)||, defect Z >= ||Id - B DG(h)||, lipschitz Lambda with
    ||B(DG(g) - DG(h))|| <= Lambda ||g - h|| for ||g - h|| <= reach: G has a zero within r_- of h,
    if r_- <= reach, and no other closer than min(r_+, reach). For Lambda = 0, r_- = Y/(1 - Z) and
    r_+ = inf. Written so that nothing cancels when q is small.
    """
    Y, Z = nonnegative("residual", residual), nonnegative("defect", defect)
    Lambda, reach = nonnegative("lipschitz", lipschitz), nonnegative("reach", reach)
    if not (Z < 1.0 and math.isfinite(Y) and math.isfinite(Lambda)):
        return Radii(math.inf, math.inf, 0.0)
    room = 1.0 - Z
    q = 2.0 * Y * Lambda / room**2 * (1.0 + _ROUNDING)
    if q > 1.0:
        return Radii(q, math.inf, 0.0)
    share = 1.0 + math.sqrt(1.0 - q)
    existence = 2.0 * Y / (room * share) * (1.0 + _ROUNDING)
    if existence > reach:
        return Radii(q, math.inf, 0.0)
    uniqueness = room * share / Lambda * (1.0 - _ROUNDING) if Lambda > 0.0 else math.inf
    return Radii(q, existence, min(uniqueness, reach))
