"""Eigenvalues and eigenspaces of a network's derivative: certified, and predicted.

`eigenvalue_constants` collects what does not depend on N, `spectral_certificate` draws the
conclusion: how far DF_N(h*_N) is from A = DF(h*), how many unstable directions it has, at which
rate it decays, in which discs its eigenvalues lie. `eigenvalue_law` is the prediction beside it.
`group_constants` and `group_shift` say how far one group of eigenvalues moves where DF_N is
self-adjoint, which is less. The rest are statements about matrices: `stability_radius`, `certified_disc`, `weyl_intervals`, ...
"""

from fieldlimit.eigenvalues.certificate import (
    EigenvalueConstants,
    Shift,
    SpectralCertificate,
    derivative_shift,
    eigenvalue_constants,
    neurons_to_keep_type,
    spectral_certificate,
)
from fieldlimit.eigenvalues.clt import EigenvalueLaw, eigenvalue_law
from fieldlimit.eigenvalues.groups import Group, group_of, group_sizes, leading_size, push
from fieldlimit.eigenvalues.moved_groups import (
    GroupConstants,
    GroupShift,
    group_constants,
    group_shift,
    group_shifts,
)
from fieldlimit.eigenvalues.perturbation import (
    FirstOrder,
    eigenspace_angle,
    first_order,
    hoffman_wielandt,
    weyl_intervals,
)
from fieldlimit.eigenvalues.resolvent import (
    Disc,
    StabilityRadius,
    certified_abscissa,
    certified_disc,
    certified_discs,
    least_singular_value,
    pseudospectrum,
    stability_radius,
)

__all__ = [
    "Disc",
    "EigenvalueConstants",
    "EigenvalueLaw",
    "FirstOrder",
    "Group",
    "GroupConstants",
    "GroupShift",
    "Shift",
    "SpectralCertificate",
    "StabilityRadius",
    "certified_abscissa",
    "certified_disc",
    "certified_discs",
    "derivative_shift",
    "eigenspace_angle",
    "eigenvalue_constants",
    "eigenvalue_law",
    "first_order",
    "group_constants",
    "group_of",
    "group_shift",
    "group_shifts",
    "group_sizes",
    "hoffman_wielandt",
    "leading_size",
    "least_singular_value",
    "neurons_to_keep_type",
    "pseudospectrum",
    "push",
    "spectral_certificate",
    "stability_radius",
    "weyl_intervals",
]
