"""Where the network's fixed point lies, to leading order: a Gaussian around the field's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, positive_integer, readonly, shaped
from fieldlimit.concentration import chi_square_quantile
from fieldlimit.field import Model, VectorField, neural_field
from fieldlimit.fixed_points.certificate import inverse
from fieldlimit.statements import states


@dataclass(frozen=True, eq=False)
class FixedPointLaw:
    """sqrt(N) (h*_N - h*) tends in law to the centred Gaussian with this covariance."""

    covariance: Array  # (r, r)  B Sigma B*

    def quantile(self, N: int, delta: float) -> float:
        """The (1 - delta)-quantile of ||h*_N - h*|| in the limit law: a prediction, no guarantee."""
        values = np.maximum(np.linalg.eigvalsh(self.covariance), 0.0)
        return chi_square_quantile(N, delta, eigenvalues=values)

    def root_mean_square(self, N: int) -> float:
        """sqrt(tr(B Sigma B*)/N)."""
        return float(np.sqrt(np.trace(self.covariance) / positive_integer("N", N)))


@states("thm-fixed-point-clt")
def fixed_point_law(model: Model, h: Array, *, n: int | None = None) -> FixedPointLaw:
    """B Sigma B*, Sigma the covariance of w_x phi(h(x)), B the inverse of DF(h), at a zero h (r,).

    By quadrature with about n nodes; exact on a finite space. ValueError when DF(h) is singular.
    """
    F = neural_field(model, n)
    h = shaped("h", h, (model.kernel.rank,))
    return FixedPointLaw(readonly(displacement_covariance(F, h)))


def displacement_covariance(F: VectorField, h: Array) -> Array:
    """Cov(B w_x phi(h(x))) under the weights of F, (r, r)."""
    steps = F.phi(F.potentials(h))[:, None] * (F.w @ inverse(F.derivative(h)).T)  # (n, r)
    steps = steps - F.weights @ steps
    return (F.weights[:, None] * steps).T @ steps
