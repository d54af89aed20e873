"""Spike noise: how the spikes of N neurons scatter the state around the rate equations.

Given the locations, Z = Z_0 + int F_N(Z) ds + M. `martingale` takes a path apart.
`dissipation_rate` is the hypothesis of the guarantees that hold for all times: `spike_mean_square`,
`spike_mean_square_by_rates`, and `spike_deviation` in probability. `linear_noise` predicts the
covariance by the `lyapunov` equation, `linear_noise_error` bounds what it may be wrong by,
`linear_moments` is exact for an affine phi, and `correlations` speaks of spectra and of pairs of
neurons. `two_effects` and `fluctuation_limit` set the locations beside the spikes, `phase_motion`
does so along a ring of bumps. `trials` and `siblings` simulate many runs at once, exactly.
"""

from fieldlimit.spike_noise.affine import LinearMoments, linear_moments
from fieldlimit.spike_noise.deviation import spike_deviation
from fieldlimit.spike_noise.dissipation import dissipation_rate
from fieldlimit.spike_noise.fluctuation_limit import (
    TwoEffects,
    fluctuation_limit,
    location_covariance,
    two_effects,
)
from fieldlimit.spike_noise.linear_noise import (
    LinearNoise,
    LinearNoiseError,
    linear_noise,
    linear_noise_error,
)
from fieldlimit.spike_noise.lyapunov import Lyapunov, lyapunov
from fieldlimit.spike_noise.martingale import Noise, martingale
from fieldlimit.spike_noise.neutral import PhaseMotion, phase_drift, phase_motion
from fieldlimit.spike_noise.sizes import Sizes, sizes, spike_covariance
from fieldlimit.spike_noise.spectra import Correlations, correlations
from fieldlimit.spike_noise.stationary import spike_mean_square, spike_mean_square_by_rates
from fieldlimit.spike_noise.trials import siblings, trials

__all__ = [
    "Correlations",
    "LinearMoments",
    "LinearNoise",
    "LinearNoiseError",
    "Lyapunov",
    "Noise",
    "PhaseMotion",
    "Sizes",
    "TwoEffects",
    "correlations",
    "dissipation_rate",
    "fluctuation_limit",
    "linear_moments",
    "linear_noise",
    "linear_noise_error",
    "location_covariance",
    "lyapunov",
    "martingale",
    "phase_drift",
    "phase_motion",
    "siblings",
    "sizes",
    "spike_covariance",
    "spike_deviation",
    "spike_mean_square",
    "spike_mean_square_by_rates",
    "trials",
    "two_effects",
]
