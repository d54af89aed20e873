"""Constants of the neural field alone, in operator norms in place of sups: prop-field-constants."""

from __future__ import annotations

from dataclasses import dataclass

from fieldlimit.checks import nonnegative
from fieldlimit.field.constants import bounded_sup
from fieldlimit.field.model import Model
from fieldlimit.spectrum import feature_bounds
from fieldlimit.statements import states


@dataclass(frozen=True)
class FieldConstants:
    """coupling: Lipschitz constant of F + Id on H. radius: of the invariant ball around I."""

    coupling: float
    radius: float

    def separation(self, distance: float, time: float) -> float:
        """||g(t) - h(t)|| <= e^{(coupling - 1) t} ||g(0) - h(0)||: a contraction if coupling < 1."""
        from math import exp

        return nonnegative("distance", distance) * exp(
            (self.coupling - 1) * nonnegative("time", time)
        )


@states("prop-field-constants")
def field_constants(model: Model) -> FieldConstants:
    """phi_1 sqrt(||Kop|| ||Wop||) and phi_0 sqrt||Wop||; phi_1 |lambda_1| in native features.

    For F, not for F_N, whose constants are those of thm-well-posed or these with the empirical
    moment operators. Raises ValueError when phi or phi' is unbounded.
    """
    bounds = feature_bounds(model.kernel)
    return FieldConstants(
        bounded_sup(model.phi, 1) * bounds.top, bounded_sup(model.phi, 0) * bounds.drive
    )
