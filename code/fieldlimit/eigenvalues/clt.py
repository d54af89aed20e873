"""Where a simple eigenvalue of the network lies, to leading order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, positive_integer, readonly, shaped
from fieldlimit.field import Model, VectorField, neural_field
from fieldlimit.fixed_points.certificate import inverse
from fieldlimit.statements import states

SIMPLE = 1e-6  # |<u*, u>| of unit vectors below it: the eigenvalue is not simple


@dataclass(frozen=True, eq=False)
class EigenvalueLaw:
    """sqrt(N) (lambda_N - lambda) tends to a centred Gaussian; covariance of (Re, Im), (2, 2)."""

    eigenvalue: complex
    covariance: Array

    def deviation(self, N: int) -> float:
        """The root mean square of |lambda_N - lambda| in the limit law."""
        return float(np.sqrt(np.trace(self.covariance) / positive_integer("N", N)))


@states("thm-eigen-clt")
def eigenvalue_law(
    model: Model, h: Array, eigenvalue: complex, *, motion: bool = True, n: int | None = None
) -> EigenvalueLaw:
    """Cov of Y = [phi'(h(x)) <u*, w_x> h_u(x) - <u*, D^2F(h)[B w_x phi(h(x)), u]>]/<u*, u>.

    h (r,) a non-degenerate zero of F; u, u* right and left eigenvectors of A = DF(h) for its
    eigenvalue nearest to `eigenvalue`, which must be simple; h_u(x) = <k_x, u>. motion=False leaves
    the second term out, the motion of h*: the eigenvalue of DF_N at the field's own fixed point.
    By quadrature with about n nodes.
    """
    F = neural_field(model, n)
    h = shaped("h", h, (model.kernel.rank,))
    value, summands = eigenvalue_summands(F, h, eigenvalue, motion=motion)
    parts = np.stack([summands.real, summands.imag])
    parts = parts - (parts @ F.weights)[:, None]
    return EigenvalueLaw(value, readonly((parts * F.weights) @ parts.T))


def eigenvalue_summands(
    F: VectorField, h: Array, eigenvalue: complex, *, motion: bool = True
) -> tuple[complex, NDArray[np.complex128]]:
    """The eigenvalue of A = DF(h) nearest to the given one, and Y at the nodes of F, (n,)."""
    A = F.derivative(h)
    values, right = np.linalg.eig(A)
    nearest = int(np.abs(values - eigenvalue).argmin())
    left_values, left = np.linalg.eig(A.T)
    u, v = right[:, nearest], left[:, np.abs(left_values - values[nearest]).argmin()]
    if abs(v @ u) < SIMPLE or (np.abs(np.delete(values, nearest) - values[nearest]) < SIMPLE).any():
        raise ValueError(
            f"the eigenvalue is simple, but {values[nearest]:.6g} is not (to {SIMPLE:g})"
        )
    s, pair = F.potentials(h), (F.w @ v) * (F.k @ u)  # (n,)
    Y = F.phi.derivative(s, 1) * pair
    if motion:
        bent = (F.weights * F.phi.derivative(s, 2) * pair) @ F.k  # <u*, D^2F(h)[., u]>
        Y = Y - F.phi(s) * (F.w @ (inverse(A).T @ bent))
    return complex(values[nearest]), np.asarray(Y / (v @ u), dtype=complex)
