"""The posterior certificate: a proof for one given network, without probability."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, nonnegative, positive_integer, shaped
from fieldlimit.concentration import tolerance_bound
from fieldlimit.field import Model, VectorField, bounded_sup, finite_network
from fieldlimit.fixed_points.certificate import inverse
from fieldlimit.fixed_points.newton import newton_kantorovich
from fieldlimit.statements import states


@dataclass(frozen=True)
class Posterior:
    """The network has exactly one zero closer to h than `uniqueness`, and it lies within `radius`.

    radius = inf: the theorem does not apply (defect >= 1, or q > 1). `rigorous`: all roundings are
    enclosed, so that this is a proof for the network with exactly these floating-point features.
    """

    residual: float  # Y0 >= ||B F_N(h)||
    defect: float  # Z0 >= ||Id - B DF_N(h)||
    lipschitz: float  # Z2
    q: float
    radius: float
    uniqueness: float
    rigorous: bool = False

    @property
    def holds(self) -> bool:
        """True when the theorem applies."""
        return math.isfinite(self.radius)


@states("thm-fixed-point-posterior")
def posterior_certificate(
    network: VectorField, h: Array, *, B: Array | None = None, reach: float = math.inf
) -> Posterior:
    """Y0 = ||B F_N(h)||, Z0 = ||Id - B DF_N(h)||, Z2 = phi_2 max_j ||B w_j|| ||Kop_N||.

    h (r,) any state, say a zero of the field; B (r, r) any matrix, None: the inverse of DF_N(h).
    phi_2 is taken over |s| <= max_j ||k_j|| (||h|| + reach). In ordinary floating point, errors of
    rounding (1e-15 times the condition of B) are not enclosed: `rigorous_certificate` does that.
    Raises ValueError when phi is not C^2, or phi'' is unbounded there.
    """
    if network.phi.smoothness < 2:
        raise ValueError(f"phi is C^2, but {network.phi} is C^{network.phi.smoothness:g}")
    h = shaped("h", h, (len(network.I),))
    A = network.derivative(h)
    B = inverse(A) if B is None else shaped("B", B, A.shape)
    size = float(np.linalg.norm(network.k, axis=1).max(initial=0.0))
    phi_2 = bounded_sup(
        network.phi, 2, size * (float(np.linalg.norm(h)) + nonnegative("reach", reach))
    )
    Y0 = float(np.linalg.norm(B @ network(h)))
    Z0 = float(np.linalg.norm(np.eye(len(h)) - B @ A, 2))
    Kop = network.k.T @ (np.abs(network.weights)[:, None] * network.k)
    longest = float(np.linalg.norm(network.w @ B.T, axis=1).max(initial=0.0))
    Z2 = phi_2 * longest * float(np.linalg.eigvalsh(Kop)[-1])
    radii = newton_kantorovich(Y0, Z0, Z2, reach)
    return Posterior(Y0, Z0, Z2, radii.q, radii.existence, radii.uniqueness)


def simulated_radius(
    model: Model,
    h: Array,
    N: int,
    *,
    delta: float,
    gamma: float,
    copies: int,
    rng: np.random.Generator,
    reach: float = math.inf,
) -> float:
    """U such that a network of N has a zero within U of h with probability >= 1 - delta.

    That holds with probability >= 1 - gamma over the copies drawn here: thm-tolerance for the
    posterior radius, which is a deterministic function of the locations. No quadrature enters. inf
    when too many copies fail their certificate.
    """
    h = shaped("h", h, (model.kernel.rank,))
    radii = [
        _radius_or_inf(finite_network(model, N, rng=rng), h, reach)
        for _ in range(positive_integer("copies", copies))
    ]
    return tolerance_bound(radii, delta=delta, gamma=gamma)


def _radius_or_inf(network: VectorField, h: Array, reach: float) -> float:
    try:
        return posterior_certificate(network, h, reach=reach).radius
    except ValueError as error:
        if "singular value" in str(error):  # DF_N(h) is degenerate: no certificate for this copy
            return math.inf
        raise
