"""Connectivity kernels w(x, y) = <k_x, w_y>, their features and their spectra."""

from fieldlimit.kernels.base import (
    Kernel,
    Moments,
    evaluate,
    features,
    moments,
    nystrom_eigenvalues,
    projective_moment,
    receptive_moment,
)
from fieldlimit.kernels.derived import DerivedKernel
from fieldlimit.kernels.finite import (
    FiniteRankKernel,
    finite_rank_kernel,
    population_kernel,
    table_kernel,
)
from fieldlimit.kernels.gaussian import gaussian_kernel, mehler_spectrum, mexican_hat
from fieldlimit.kernels.spectral import Rescaling, SpectralKernel, native_optimality
from fieldlimit.kernels.sphere import harmonic_multiplicity, zonal_kernel
from fieldlimit.kernels.torus import (
    FourierBasis,
    cosine_ring,
    exponential_spectrum,
    frequencies,
    power_law,
    shifted_ring,
    torus_kernel,
)

__all__ = [
    "DerivedKernel",
    "FiniteRankKernel",
    "FourierBasis",
    "Kernel",
    "Moments",
    "Rescaling",
    "SpectralKernel",
    "cosine_ring",
    "evaluate",
    "exponential_spectrum",
    "features",
    "finite_rank_kernel",
    "frequencies",
    "gaussian_kernel",
    "harmonic_multiplicity",
    "mehler_spectrum",
    "mexican_hat",
    "moments",
    "native_optimality",
    "nystrom_eigenvalues",
    "population_kernel",
    "power_law",
    "projective_moment",
    "receptive_moment",
    "shifted_ring",
    "table_kernel",
    "torus_kernel",
    "zonal_kernel",
]
