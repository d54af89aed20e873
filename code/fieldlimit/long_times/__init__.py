"""Long times without Gronwall: contraction, attractors and limit cycles of networks, with numbers.

A trajectory of the network stays near that of the field for all times where the field contracts.
`contraction_rate` and `circle_weight` tell whether it contracts everywhere, and in which norm;
`attractor_constants` and `trajectory_certificate` treat the neighbourhood of a stable fixed point,
`limit_cycle` and `period_law` rhythms.
"""

from fieldlimit.long_times.attractor import AttractorConstants, attractor_constants, weights_of
from fieldlimit.long_times.contraction import (
    ContractionRate,
    circle_number,
    circle_weight,
    contraction_error,
    contraction_rate,
)
from fieldlimit.long_times.cycle import (
    LimitCycle,
    PeriodLaw,
    attracting_cycle,
    limit_cycle,
    period_law,
)
from fieldlimit.long_times.path import PathConstants, path_constants, path_deviation
from fieldlimit.long_times.riccati import riccati
from fieldlimit.long_times.trajectories import (
    TrajectoryCertificate,
    neurons_for_all_times,
    trajectory_certificate,
)
from fieldlimit.long_times.weights import (
    Weight,
    eigenvector_weight,
    log_norm,
    lyapunov_weight,
    plain_weight,
    spectral_abscissa,
    weighted,
)

__all__ = [
    "AttractorConstants",
    "ContractionRate",
    "LimitCycle",
    "PathConstants",
    "PeriodLaw",
    "TrajectoryCertificate",
    "Weight",
    "attracting_cycle",
    "attractor_constants",
    "circle_number",
    "circle_weight",
    "contraction_error",
    "contraction_rate",
    "eigenvector_weight",
    "limit_cycle",
    "log_norm",
    "lyapunov_weight",
    "neurons_for_all_times",
    "path_constants",
    "path_deviation",
    "period_law",
    "plain_weight",
    "riccati",
    "spectral_abscissa",
    "trajectory_certificate",
    "weighted",
    "weights_of",
]
