"""Constants of F and F_N that hold for every N and all locations: thm-well-posed, thm-smooth."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fieldlimit.checks import nonnegative, positive_integer
from fieldlimit.field.model import Model
from fieldlimit.nonlinearities import Nonlinearity
from fieldlimit.statements import states


@dataclass(frozen=True)
class WellPosed:
    """lipschitz: of F and F_N on all of H; radius: of the invariant ball around I."""

    lipschitz: float
    radius: float


@states("thm-well-posed")
def well_posedness(model: Model) -> WellPosed:
    """F and F_N have Lipschitz constant 1 + kappa omega phi_1; B(I, omega phi_0) is invariant.

    Every larger ball around I absorbs: dist(h(t), I) <= omega phi_0 + e^{-t} dist(h(0), I), so all
    zeros lie in the closed ball of that radius. Uniform in N and in the locations. Raises
    ValueError when phi or phi' is unbounded.
    """
    return WellPosed(lipschitz_constant(model), absorbing_radius(model))


def lipschitz_constant(model: Model) -> float:
    """1 + kappa omega phi_1, per tau; needs phi' bounded (threshold-linear will do)."""
    return 1 + model.kernel.kappa * model.kernel.omega * bounded_sup(model.phi, 1)


def absorbing_radius(model: Model) -> float:
    """omega phi_0, the radius of the invariant ball around I in H; needs phi bounded."""
    return model.kernel.omega * bounded_sup(model.phi, 0)


@dataclass(frozen=True)
class DerivativeConstants:
    """bound >= ||D^m(F + Id)(h)||, lipschitz: of h -> D^m(F + Id)(h); Hilbert-Schmidt norm."""

    bound: float
    lipschitz: float


@states("thm-smooth")
def derivative_constants(model: Model, m: int, radius: float = math.inf) -> DerivativeConstants:
    """||D^m(F + Id)|| <= omega kappa^m phi_m, Lipschitz with omega kappa^(m+1) phi_(m+1).

    For F and every F_N, on all of H, or on the ball ||h|| <= radius, where |h(x)| <= kappa radius
    and phi_m may be taken over |s| <= kappa radius. Hypothesis: phi in C^(m+1) with bounded
    derivatives there; ValueError otherwise.
    """
    m = positive_integer("m", m, least=0)
    if model.phi.smoothness < m + 1:
        raise ValueError(
            f"phi is of class C^{m + 1}, but {model.phi} is of class C^{model.phi.smoothness:g}"
        )
    kappa, omega = model.kernel.kappa, model.kernel.omega
    largest = math.inf if math.isinf(radius) else kappa * nonnegative("radius", radius)
    return DerivativeConstants(
        omega * kappa**m * bounded_sup(model.phi, m, largest),
        omega * kappa ** (m + 1) * bounded_sup(model.phi, m + 1, largest),
    )


def bounded_sup(phi: Nonlinearity, m: int, radius: float = math.inf) -> float:
    """phi_m = sup |phi^(m)| over |s| <= radius, or ValueError when it is infinite."""
    value = phi.sup(m, radius)
    if not math.isfinite(value):
        raise ValueError(f"phi^({m}) is bounded for |s| <= {radius}, but phi = {phi} is not")
    return value
