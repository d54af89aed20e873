"""How long a network stays near a zero of the field that need not be stable."""

from __future__ import annotations

import math

from fieldlimit.checks import finite, nonnegative, positive
from fieldlimit.statements import states


@states("prop-agreement-time")
def agreement_time(zeta: float, b: float, La: float, tolerance: float) -> float:
    """t_R = int_0^tolerance dy/(zeta + b y + La y^2/2): ||h_N(t) - h*|| <= tolerance for t <= t_R.

    h_N(0) = h*; zeta >= ||F_N(h*)||, b >= mu(DF_N(h*)) the logarithmic norm, of either sign, and La a
    Lipschitz constant of DF_N. inf when the parabola has a zero in (0, tolerance], since it is
    never passed, or when zeta = 0. For b > 0 and small zeta, it is about log(b tolerance / zeta)/b: as N
    grows a hundredfold, the time gains log 10 / b. In units of tau.
    """
    x, b, La = nonnegative("zeta", zeta), finite("b", b), nonnegative("La", La)
    y = positive("tolerance", tolerance)
    if x == 0.0:
        return math.inf
    turning = -b / La if La > 0.0 else math.inf * (1 if b < 0 else -1)
    lowest = min(max(turning, 0.0), y)  # where the parabola is least on [0, y]
    if x + b * lowest + La * lowest**2 / 2 <= 0.0:
        return math.inf
    square, rounding = b**2 - 2 * x * La, 1e-12 * (b**2 + 2 * x * La)
    if (
        abs(square) <= rounding
    ):  # a double zero to rounding: that of a zeta larger by 2e-12, a bound
        square = -rounding
    root = math.sqrt(abs(square))
    if root == 0.0:  # b = La = 0
        return y / x
    # int dy/(x + by + La y^2/2) = (2/root) artanh or arctan of root y/(2x + by), no cancellation
    argument, denominator = root * y, 2 * x + b * y
    if square > 0.0:
        return 2 / root * math.atanh(argument / denominator)
    return 2 / root * math.atan2(argument, denominator)
