"""How many neurons are enough, in one line: from the spectrum, the sups of phi and ||B|| alone."""

from __future__ import annotations

import math

from fieldlimit.checks import positive, probability
from fieldlimit.concentration import SpectralConstants
from fieldlimit.statements import states


@states("cor-neurons-spectrum")
def neurons_from_spectrum(
    constants: SpectralConstants,
    delta: float,
    *,
    inverse: float,
    phi: tuple[float, float, float],
) -> float:
    """N >= 4 b^2 Theta^2 max(phi_1^2 kappa^2, 16 b^2 phi_0^2 phi_2^2 omega^2 kappa^4) is enough.

    b = inverse = ||DF(h*)^{-1}||, phi = (phi_0, phi_1, phi_2), Theta = sqrt(tr Wop) +
    omega sqrt(2 log(2/delta)): for such N, with probability >= 1 - delta, F_N has a zero within
    4 b phi_0 Theta/sqrt N of h*. No dimension, and the fourth power of ||B||.
    """
    b = positive("inverse", inverse)
    phi_0, phi_1, phi_2 = phi
    L = math.log(2 / probability("delta", delta))
    c = constants
    Theta = math.sqrt(c.nuclear) + c.omega * math.sqrt(2 * L)
    curved = 4 * b * phi_0 * phi_2 * c.omega * c.kappa**2
    return 4 * (b * Theta) ** 2 * max(phi_1 * c.kappa, curved) ** 2
