"""From one state to a ball around it, by Taylor's formula (prop-neighbourhood)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from fieldlimit.checks import nonnegative
from fieldlimit.field import VectorField
from fieldlimit.statements import states


@states("prop-neighbourhood")
def neighbourhood_deviation(
    deviations: Sequence[float], *, lipschitz: float, radius: float
) -> float:
    """sup over ||u|| <= r of ||D^m(F_N - F)(h + u)|| <= sum_(j<J) D_(m+j) r^j/j! + ell r^J/J!.

    deviations = (D_m, ..., D_(m+J-1)) at h, or guarantees for them on one event; lipschitz = ell of
    D^(m+J-1)(F_N - F) on the ball: twice `derivative_constants(model, m + J - 1).lipschitz`, or for
    m = 0 phi_J kappa^(J-1) times the sum of `moment_root` for F_N and for F.
    """
    if len(deviations) == 0:
        raise ValueError("deviations holds D_m at least, but it is empty")
    r = nonnegative("radius", radius)
    terms = [
        nonnegative(f"deviations[{j}]", D) * r**j / math.factorial(j)
        for j, D in enumerate(deviations)
    ]
    J = len(terms)
    return math.fsum(terms) + nonnegative("lipschitz", lipschitz) * r**J / math.factorial(J)


def moment_root(field: VectorField) -> float:
    """sqrt(||Wop_nu|| ||Kop_nu||), nu the measure of the field: of a network, or of rho.

    By Cauchy-Schwarz ||int w_y a(y) <k_y, u> nu(dy)|| <= sup|a| times it, for unit u in H. In native
    features it is ||Kop_nu||, near the top eigenvalue of the kernel, where kappa omega is the trace.
    """
    tops = [
        np.linalg.eigvalsh((features.T * field.weights) @ features)[-1]
        for features in (field.k, field.w)
    ]
    return math.sqrt(float(tops[0]) * float(tops[1]))
