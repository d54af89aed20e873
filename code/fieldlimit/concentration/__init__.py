"""Concentration of the vector field at a point of H: one theorem for every derivative."""

from fieldlimit.concentration.asymptotic import chi_square_quantile, chi_square_tail
from fieldlimit.concentration.best import LABELS, Guarantee, best_deviation, guarantees
from fieldlimit.concentration.bounds import (
    concentration_deviation,
    mcdiarmid_deviation,
    mean_square,
    paley_zygmund_lower,
    pinelis_deviation,
)
from fieldlimit.concentration.deviations import (
    Case,
    deviation,
    sample_deviations,
    sample_deviations_together,
)
from fieldlimit.concentration.fluctuations import Fluctuation, fluctuation
from fieldlimit.concentration.joint import combination, joint_fluctuation
from fieldlimit.concentration.moments import (
    Moments,
    cantelli_deviation,
    cubic_deviation,
    cubic_tail,
    moments_deviation,
    moments_of_square,
)
from fieldlimit.concentration.spectral import (
    SpectralConstants,
    space_derivative_bound,
    spectral_constants,
    spectral_deviation,
    spectral_leading_order,
)
from fieldlimit.concentration.tolerance import tolerance_bound, tolerance_copies, tolerance_rank

__all__ = [
    "LABELS",
    "Case",
    "Fluctuation",
    "Guarantee",
    "Moments",
    "SpectralConstants",
    "best_deviation",
    "cantelli_deviation",
    "chi_square_quantile",
    "chi_square_tail",
    "combination",
    "concentration_deviation",
    "cubic_deviation",
    "cubic_tail",
    "deviation",
    "fluctuation",
    "guarantees",
    "joint_fluctuation",
    "mcdiarmid_deviation",
    "mean_square",
    "moments_deviation",
    "moments_of_square",
    "paley_zygmund_lower",
    "pinelis_deviation",
    "sample_deviations",
    "sample_deviations_together",
    "space_derivative_bound",
    "spectral_constants",
    "spectral_deviation",
    "spectral_leading_order",
    "tolerance_bound",
    "tolerance_copies",
    "tolerance_rank",
]
