"""How wide a tube holds the path of a window, and what it leaves undecided."""

from __future__ import annotations

import math

from fieldlimit.checks import nonnegative, positive, positive_integer, probability
from fieldlimit.statements import states


@states("thm-tube")
def tube_radius(
    N: int,
    delta: float,
    *,
    duration: float,
    rate: float,
    square: float,
    largest: float,
    coupling: float,
    speed: float,
) -> float:
    """R with P(the path leaves the ball of radius R around the guess within the window) <= delta.

    The guess is z + (1 - e^{-l/2}) F_N(z), where the field will be at mid-window if the rates stay.
    rate: a bound of phi, in the tube; square: (1/N) sum ||w_j||^2; largest: max ||w_j||; speed:
    ||F_N(z)||; coupling: phi_1 times the root of ||K_N|| ||W_N||, the operators of the N features, or
    kappa omega phi_1, which is larger. With b = rate square (e^{2l} - 1) / (2N), a = e^l largest / N,

        R = (1 - e^{-l/2}) speed + e^{coupling l} (coupling speed l^2 / 2 + x),
        x = min( sqrt(b / delta), ((4 b^2 + 3 a^2 b) / delta)^{1/4} ).
    """
    N, delta = positive_integer("N", N), probability("delta", delta)
    length = positive("duration", duration)
    speed, coupling = nonnegative("speed", speed), nonnegative("coupling", coupling)
    scale = nonnegative("rate", rate) * nonnegative("square", square)
    b = scale * math.expm1(2 * length) / (2 * N)
    a = math.exp(length) * nonnegative("largest", largest) / N
    noise = min(math.sqrt(b / delta), ((4 * b**2 + 3 * a**2 * b) / delta) ** 0.25)
    bend = coupling * speed * length**2 / 2
    return -math.expm1(-length / 2) * speed + math.exp(coupling * length) * (bend + noise)
