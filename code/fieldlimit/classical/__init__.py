"""The classical route: trajectories of a network and of its limit, and how far they part.

Two comparisons, each at a time t. `coupling_bound` (thm-coupling): the spiking network against the
field, when every neuron shares its Poisson measure with an independent copy that follows the field;
`coupled` simulates both on one `PoissonMeasure`, exactly. `gronwall_bound` (thm-gronwall): the rate
network against the field. Neither knows the dimension of the similarity space; both grow
exponentially in time unless the coupling is weak (Lambda < 1) or mostly inhibitory
(`one_sided_constant` < 0).
"""

from fieldlimit.classical.coupled import Coupled, coupled, latent_path, sample_coupled, thinned
from fieldlimit.classical.coupling import (
    CopyError,
    a_priori_copy_error,
    copy_error,
    coupling_bound,
    coupling_bound_along,
    coupling_strength,
    disagreement,
    network_strength,
)
from fieldlimit.classical.gronwall import (
    gronwall_bound,
    one_sided_constant,
    spread_along,
    trajectory_deviation,
)
from fieldlimit.classical.growth import (
    growth,
    growth_integral,
    weighted_past,
    weighted_past_of_root,
)
from fieldlimit.classical.poisson import PoissonMeasure, poisson_measure
from fieldlimit.classical.saddle import escape_time, saddle_error, sign_kernel

__all__ = [
    "CopyError",
    "Coupled",
    "PoissonMeasure",
    "a_priori_copy_error",
    "copy_error",
    "coupled",
    "coupling_bound",
    "coupling_bound_along",
    "coupling_strength",
    "disagreement",
    "escape_time",
    "gronwall_bound",
    "growth",
    "growth_integral",
    "latent_path",
    "network_strength",
    "one_sided_constant",
    "poisson_measure",
    "saddle_error",
    "sample_coupled",
    "sign_kernel",
    "spread_along",
    "thinned",
    "trajectory_deviation",
    "weighted_past",
    "weighted_past_of_root",
]
