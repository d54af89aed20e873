"""How fast two solutions of one network approach each other, from its features alone."""

from __future__ import annotations

import numpy as np

from fieldlimit.field import VectorField
from fieldlimit.field.constants import bounded_sup
from fieldlimit.spike_noise.sizes import require_network
from fieldlimit.statements import states

SCALES = np.geomspace(0.1, 10.0, 81)  # of the features; every one gives a valid rate


@states("prop-dissipative")
def dissipation_rate(network: VectorField, *, increasing: bool = True) -> float:
    """alpha with <F_N(h) - F_N(g), h - g> <= -alpha ||h - g||^2 for ALL h, g in H.

    With p_j = (c k_j + w_j / c)/2 and any c > 0: alpha = 1 - phi_1 lambda_max((1/N) sum p_j (x) p_j)
    for a non-decreasing phi; alpha = 1 - phi_1 ||c^2 K_N + W_N / c^2|| / 2 for any phi. The largest over a
    grid of c; it may be negative, and then says nothing. Hypothesis: phi' bounded.
    """
    N = require_network(network)
    slope = bounded_sup(network.phi, 1)
    if not (network.k.any() and network.w.any()):
        return 1.0  # nobody listens, or nobody speaks
    K, W = network.k.T @ network.k / N, network.w.T @ network.w / N
    cross = network.k.T @ network.w / N
    mixed = (cross + cross.T) / 4
    scale = np.sqrt(np.linalg.norm(network.w) / np.linalg.norm(network.k)) * SCALES
    squares = (scale[:, None, None] ** 2 * K + W / scale[:, None, None] ** 2) / 4
    operators = squares + mixed if increasing else 2 * squares
    top = np.linalg.eigvalsh(operators)[:, -1].min()
    return 1 - slope * max(float(top), 0.0)
