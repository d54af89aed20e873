"""The linear noise approximation at a fixed point, and a bound of its error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, positive, probability, readonly, shaped
from fieldlimit.field import VectorField
from fieldlimit.field.constants import bounded_sup
from fieldlimit.spike_noise.lyapunov import lyapunov
from fieldlimit.spike_noise.sizes import Sizes, sizes, spike_covariance
from fieldlimit.spike_noise.stationary import (
    local_rate,
    remainder,
    spike_mean_square,
    spike_mean_square_by_rates,
)
from fieldlimit.statements import states

GAIN = 1e-3  # relative improvement of V that is worth another round


@dataclass(frozen=True, eq=False)
class LinearNoise:
    """A = DF(h), Q, and P with A P + P A* + Q = 0: the state scatters with covariance P/N."""

    A: Array  # (r, r), per tau
    Q: Array  # (r, r)
    P: Array  # (r, r)

    def autocovariance(self, lag: float) -> Array:
        """e^{sA} P = N E[(Z_{t+s} - h) (x) (Z_t - h)] at the lag s >= 0, (r, r)."""
        from scipy.linalg import expm

        return expm(lag * self.A) @ self.P


def linear_noise(F: VectorField, h: Array) -> LinearNoise:
    """A, Q, P of the field or of a network at its zero h (r,). ValueError unless h is stable."""
    A, Q = F.derivative(shaped("h", h, F.I.shape)), spike_covariance(F, h)
    return LinearNoise(readonly(A), readonly(Q), lyapunov(A, Q).P)


@dataclass(frozen=True)
class LinearNoiseError:
    """What the approximation may be wrong by, at every time, for the network started at its zero."""

    covariance: float  # bound of ||N E[(Z - h) (x) (Z - h)] - P_N(t)||_1, the nuclear norm
    bias: float  # bound of ||E Z_t - h||
    mean_square: float  # V: bound of E||Z - h||^2
    third: float  # V_3: bound of ||E (Z - h)^{(x)3}||, Hilbert-Schmidt
    fourth: float  # V_4: bound of E||Z - h||^4

    def radius(self, delta: float) -> float:
        """(V_4/delta)^{1/4}: P(||Z_t - h|| > radius) <= delta at each t, by Markov's inequality."""
        return float((self.fourth / probability("delta", delta)) ** 0.25)


@states("thm-lna")
def linear_noise_error(network: VectorField, h: Array, *, alpha: float) -> LinearNoiseError:
    """||N E[(Z_t - h) (x) (Z_t - h)] - P_N(t)||_1 <= covariance, Z_0 = h, F_N(h) = 0.

    P_N(t) = int_0^t e^{sA} Q_N e^{sA*} ds tends to P_N. The bound is O(1/N); constants in the text. It
    improves the mean square with which it began, and starts again as long as that helps.
    alpha > 0 a rate of dissipation of F_N on all of H. Hypotheses: phi in C^3, bounded with its
    derivatives; the locations are given.
    """
    alpha, trace = positive("alpha", alpha), float(np.trace(linear_noise(network, h).P))
    V = min(
        spike_mean_square(network, np.inf, alpha=alpha),
        spike_mean_square_by_rates(network, h, alpha=alpha),
    )
    while True:
        error = _error(network, h, alpha, V)
        better = (trace + error.covariance) / network.size
        if better > (1 - GAIN) * V:
            return error
        V = better


def _error(network: VectorField, h: Array, alpha: float, V: float) -> LinearNoiseError:
    """The bounds of the theorem from the bound V of E||Z - h||^2."""
    s, phi = sizes(network), network.phi
    top, slope, curve, skew = (bounded_sup(phi, m) for m in range(4))
    Q, c = spike_covariance(network, h), remainder(network)
    q, mixed = float(np.trace(Q)), slope * float(np.sqrt(s.fourth * s.receptive))
    local = local_rate(network.derivative(h), alpha)
    bias = c * V / local
    fourth = _fourth_moment(s, top, Q, mixed, V, alpha)
    third = (c * fourth + (q * bias + mixed * V) / s.N + top * s.third / (3 * s.N**2)) / local
    quadratic = curve / 2 * s.receptors * np.sqrt(s.second * s.receptive) * third
    cubic = skew / 6 * s.largest * s.receptors * s.receptive * fourth
    coupled = min(c * np.sqrt(V * fourth), quadratic + cubic)
    covariance = (2 * s.N * coupled + mixed * bias + c * s.largest * V) / (2 * local)
    return LinearNoiseError(float(covariance), float(bias), float(V), float(third), float(fourth))


def _fourth_moment(s: Sizes, top: float, Q: Array, mixed: float, V: float, alpha: float) -> float:
    """V_4, the smaller of two: with phi_0 throughout, and with the rates at the zero, self-consistently."""
    rest = top * (4 * s.third / s.N**2 * np.sqrt(V) + s.fourth / s.N**3)
    plain = (top * (4 * s.projective + 2 * s.second) / s.N * V + rest) / (4 * alpha)
    q = 4 * float(np.linalg.norm(Q, 2)) + 2 * float(np.trace(Q))
    a = (q / s.N * V + rest) / (4 * alpha)
    b = 6 * mixed * np.sqrt(V) / s.N / (4 * alpha)
    return float(min(plain, ((b + np.sqrt(b**2 + 4 * a)) / 2) ** 2))
