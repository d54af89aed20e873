"""Newton and Kantorovich with a curvature that is known at the centre and grows from there."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fieldlimit.checks import nonnegative
from fieldlimit.fixed_points.newton import Radii
from fieldlimit.statements import states

# Rounding, relative: of a value of p, and of a radius, so that both err on the safe side.
_ROUNDING = 1e-12
_HALVINGS = 90  # of an interval of radii: down to neighbouring numbers


@dataclass(frozen=True)
class Bend:
    """Psi with Psi'' (t) = min(La, La_* + La' t) and Psi(0) = Psi'(0) = 0: convex, cubic, then quadratic."""

    lipschitz: float  # La, inf: none is known
    centre: float  # La_*
    growth: float  # La'

    @property
    def joint(self) -> float:
        """Where the cubic becomes a parabola; inf when it never does."""
        if self.lipschitz <= self.centre:
            return 0.0
        return (self.lipschitz - self.centre) / self.growth if self.growth > 0.0 else math.inf

    def value(self, t: float) -> float:
        """Psi(t)."""
        s = min(t, self.joint)
        cubic = s * s * (self.centre / 2 + self.growth * s / 6) if s else 0.0
        if t == s:
            return cubic
        return cubic + self._cubic_slope(s) * (t - s) + self.lipschitz * (t - s) * (t - s) / 2

    def slope(self, t: float) -> float:
        """Psi'(t)."""
        s = min(t, self.joint)
        return self._cubic_slope(s) + (self.lipschitz * (t - s) if t > s else 0.0)

    def level(self, slope: float) -> float:
        """The t with Psi'(t) = slope > 0, inf when there is none."""
        edge = self._cubic_slope(self.joint) if math.isfinite(self.joint) else math.inf
        if slope > edge:
            return self.joint + (slope - edge) / self.lipschitz if self.lipschitz else math.inf
        below = self.centre + math.sqrt(self.centre**2 + 2 * self.growth * slope)
        return 2 * slope / below if below > 0.0 else math.inf

    def _cubic_slope(self, s: float) -> float:
        return s * (self.centre + self.growth * s / 2) if s else 0.0


@states("lem-majorant")
def majorant_radii(residual: float, defect: float, bend: Bend, reach: float = math.inf) -> Radii:
    """r_-+, the zeros of p(t) = Y - (1 - Z)t + Psi(t), and q = Y/max((1 - Z)t - Psi(t)) < 1, Z < 1.

    residual Y >= ||B G(h)||, defect Z >= ||Id - B DG(h)||, and ||B(DG(g) - DG(h))|| <= Psi'(||g - h||)
    for ||g - h|| <= reach: G has a zero within r_- of h, if r_- <= reach, and no other closer than
    min(r_+, reach). For La_* = La or La' = 0 these are the numbers of `newton_kantorovich`. The radii are found
    by bisection and err on the safe side.
    """
    Y, Z, reach = (
        nonnegative("residual", residual), nonnegative("defect", defect), nonnegative("reach", reach)
    )  # fmt: skip
    for name, value in (("lipschitz", bend.lipschitz), ("growth", bend.growth)):
        nonnegative(name, value)
    steepest = min(bend.lipschitz, nonnegative("centre", bend.centre))
    if not (Z < 1.0 and math.isfinite(Y) and math.isfinite(steepest)):
        return Radii(math.inf, math.inf, 0.0)
    room = 1.0 - Z
    peak = bend.level(room)
    if math.isinf(peak):  # Psi = 0
        existence = Y / room * (1.0 + _ROUNDING)
        return Radii(0.0, existence, reach) if existence <= reach else Radii(0.0, math.inf, 0.0)

    def negative(t: float) -> bool:
        """p(t) <= 0, whatever is rounded in it."""
        return Y + bend.value(t) <= room * t * (1.0 - _ROUNDING)

    q = Y / (room * peak * (1.0 - _ROUNDING) - bend.value(peak))
    if not (q < 1.0 and negative(peak)):
        return Radii(max(q, 1.0), math.inf, 0.0)
    low, high = 0.0, peak
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if negative(middle) else (middle, high)
    existence = high * (1.0 + _ROUNDING)
    if existence > reach:
        return Radii(q, math.inf, 0.0)
    inside, outside = peak, 2.0 * peak
    while negative(outside):
        inside, outside = outside, 2.0 * outside
    for _ in range(_HALVINGS):
        middle = 0.5 * (inside + outside)
        inside, outside = (middle, outside) if negative(middle) else (inside, middle)
    return Radii(q, existence, min(inside * (1.0 - _ROUNDING), reach))
