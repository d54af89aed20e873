"""Newton and Kantorovich with a curvature that is known at the centre and grows from there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from fieldlimit.checks import nonnegative, positive
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

    def __post_init__(self) -> None:
        for name in ("lipschitz", "centre", "growth"):
            nonnegative(name, getattr(self, name))

    @property
    def finite(self) -> bool:
        """Psi is finite: La is, or La_* and La' are."""
        return math.isfinite(self.lipschitz) or math.isfinite(self.centre + self.growth)

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
    if not (Z < 1.0 and math.isfinite(Y) and bend.finite):
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
    return _radii(q, negative, peak, reach)


@dataclass(frozen=True)
class Pairs:
    """The set of (x, y), x, y >= 0, with x^2 + ga^2 y^2 <= eta_ga^2 and y <= eps, where value and slope can be."""

    joint: float  # eta_ga
    gamma: float  # ga
    steepest: float = math.inf  # eps

    def __post_init__(self) -> None:
        nonnegative("joint", self.joint)
        positive("gamma", self.gamma)
        nonnegative("steepest", self.steepest)

    def most(self, t: float) -> float:
        """sup x + y t over the set, convex in t."""
        free = self.joint * math.hypot(1.0, t / self.gamma)
        if self.joint * t <= self.steepest * self.gamma * math.hypot(self.gamma, t):
            return free
        capped = self.gamma * self.steepest
        return math.sqrt((self.joint - capped) * (self.joint + capped)) + self.steepest * t

    def level(self, t: float, room: float) -> float:
        """The eta_ga with which sup x + y t = room."""
        if room * t <= self.steepest * (self.gamma**2 + t * t):
            return room / math.hypot(1.0, t / self.gamma)
        return math.hypot(room - self.steepest * t, self.gamma * self.steepest)


def joint_radii(
    pairs: Pairs,
    bend: Bend,
    *,
    residual: float = 0.0,
    defect: float = 0.0,
    reach: float = math.inf,
) -> Radii:
    """r_-+, the zeros of p(t) = sup (x + y t) - t + Psi(t) over `pairs`; q = eta_ga over the largest with a zero.

    For B (F_N - F)(h) and B (DF_N - DF)(h) of norms x and y. residual >= ||B F(h)|| and defect >= ||Id - B DF(h)||,
    zero at the exact h* and A^{-1}, add residual + defect t to p. Bend and reach as in `majorant_radii`;
    the radii err on the safe side.
    """
    Y, Z, reach = (
        nonnegative("residual", residual), nonnegative("defect", defect), nonnegative("reach", reach)
    )  # fmt: skip
    if not (Z < 1.0 and math.isfinite(pairs.joint) and math.isfinite(Y) and bend.finite):
        return Radii(math.inf, math.inf, 0.0)
    room = 1.0 - Z

    def left(t: float) -> float:
        """What x + y t may be at t, rounded downwards."""
        return room * t * (1.0 - _ROUNDING) - Y - bend.value(t)

    def negative(t: float) -> bool:
        return pairs.most(t) * (1.0 + _ROUNDING) <= left(t)

    edge = bend.level(room)
    if math.isinf(edge):  # Psi = 0: what is left is a line
        steepest = min(pairs.steepest, pairs.joint / pairs.gamma)
        q = 0.0 if pairs.steepest < room else pairs.joint / (pairs.gamma * room)
        if steepest >= room * (1.0 - 1e3 * _ROUNDING):
            return Radii(max(q, 1.0), math.inf, 0.0)
        peak = pairs.gamma
        while not negative(peak):
            peak *= 2.0
        found = _radii(q, negative, peak, reach)
        return Radii(q, found.existence, reach) if found.holds else found
    low, high = 0.0, edge  # where the level is greatest: it rises before, and falls behind
    for _ in range(_HALVINGS):
        third = (high - low) / 3.0
        one, two = low + third, high - third
        rising = pairs.level(one, left(one)) < pairs.level(two, left(two))
        low, high = (one, high) if rising else (low, two)
    peak = 0.5 * (low + high)
    most = pairs.level(peak, left(peak)) if left(peak) > 0.0 else 0.0
    q = pairs.joint / most * (1.0 + _ROUNDING) if most > 0.0 else math.inf
    if not (q < 1.0 and negative(peak)):
        return Radii(max(q, 1.0), math.inf, 0.0)
    return _radii(q, negative, peak, reach)


def _radii(q: float, negative: Callable[[float], bool], inside: float, reach: float) -> Radii:
    """The ends of the interval where a convex p is negative, each from within; p(inside) <= 0."""
    low, high = 0.0, inside
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if negative(middle) else (middle, high)
    existence = high * (1.0 + _ROUNDING)
    if existence > reach:
        return Radii(q, math.inf, 0.0)
    outside = 2.0 * inside
    while negative(outside) and math.isfinite(outside):
        inside, outside = outside, 2.0 * outside
    for _ in range(_HALVINGS):
        middle = 0.5 * (inside + outside)
        inside, outside = (middle, outside) if negative(middle) else (inside, middle)
    return Radii(q, existence, min(inside * (1.0 - _ROUNDING), reach))
