"""The vector fields on H: F of the neural field and F_N of a network, with their flows."""

from fieldlimit.field.constants import (
    DerivativeConstants,
    WellPosed,
    absorbing_radius,
    bounded_sup,
    derivative_constants,
    lipschitz_constant,
    well_posedness,
)
from fieldlimit.field.flow import flow, runge_kutta
from fieldlimit.field.model import Model, Projection, project
from fieldlimit.field.samples import (
    Bias,
    Restriction,
    network_bias,
    restriction_spectra,
)
from fieldlimit.field.vector_field import (
    VectorField,
    field_error,
    finite_network,
    neural_field,
)

__all__ = [
    "Bias",
    "DerivativeConstants",
    "Model",
    "Projection",
    "Restriction",
    "VectorField",
    "WellPosed",
    "absorbing_radius",
    "bounded_sup",
    "derivative_constants",
    "field_error",
    "finite_network",
    "flow",
    "lipschitz_constant",
    "network_bias",
    "neural_field",
    "project",
    "restriction_spectra",
    "runge_kutta",
    "well_posedness",
]
