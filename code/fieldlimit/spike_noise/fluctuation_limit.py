"""Both finite-size effects around a zero of the field, in time and in the long run."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

import numpy as np

from fieldlimit.checks import Array, nonnegative, readonly, shaped
from fieldlimit.field import VectorField
from fieldlimit.fixed_points.clt import displacement_covariance
from fieldlimit.spike_noise.linear_noise import linear_noise
from fieldlimit.spike_noise.sizes import spike_covariance
from fieldlimit.statements import states


@dataclass(frozen=True, eq=False)
class TwoEffects:
    """N times the covariance of Z_t - h: what the locations do and what the spikes do."""

    quenched: Array  # (r, r)
    dynamic: Array  # (r, r)

    @property
    def total(self) -> Array:
        """Their sum: the two are uncorrelated."""
        return self.quenched + self.dynamic


def location_covariance(F: VectorField, h: Array) -> Array:
    """Sigma = Cov(w_x phi(h(x))) under the weights of F, (r, r)."""
    terms = F.phi(F.potentials(h))[:, None] * F.w
    terms = terms - F.weights @ terms
    return (F.weights[:, None] * terms).T @ terms


@states("thm-fluctuation-limit")
def fluctuation_limit(F: VectorField, h: Array, time: float) -> TwoEffects:
    """sqrt(N) (Z_t - h) -> Gaussian with covariance S_t Sigma S_t* + int_0^t e^{sA} Q e^{sA*} ds.

    Started at Z_0 = h, a zero of the field F, whose derivative A may be singular or unstable;
    S_t = int_0^t e^{sA} ds. h (r,), time t in units of tau.
    """
    A, Q = F.derivative(shaped("h", h, F.I.shape)), spike_covariance(F, h)
    S, dynamic = _integrals(A, Q, nonnegative("time", time))
    return TwoEffects(readonly(S @ location_covariance(F, h) @ S.T), readonly(dynamic))


def _integrals(A: Array, Q: Array, t: float) -> tuple[Array, Array]:
    """int_0^t e^{sA} ds and int_0^t e^{sA} Q e^{sA*} ds, (r, r) each.

    By exponentials of matrices of order 2 r (Van Loan) over a short time, which is then doubled: over a
    long time their growing part would drown the decaying one.
    """
    from scipy.linalg import expm

    doublings = ceil(log2(max(t * float(np.linalg.norm(A, 2)), 1.0)))
    short, r = t / 2**doublings, len(A)
    block = np.zeros((2 * r, 2 * r))
    block[:r, :r], block[:r, r:] = A, np.eye(r)
    power = expm(short * block)
    step, S = power[:r, :r], power[:r, r:]
    block[:r, :r], block[:r, r:], block[r:, r:] = -A, Q, A.T
    D = step @ expm(short * block)[:r, r:]
    for _ in range(doublings):
        S, D, step = S + step @ S, D + step @ D @ step.T, step @ step
    return S, (D + D.T) / 2


@states("prop-two-effects")
def two_effects(F: VectorField, h: Array) -> TwoEffects:
    """quenched B Sigma B*, dynamic P: N times the two covariances around a stable zero h, in the long run.

    F the field, h (r,) its zero. The network settles around its own fixed point, which scatters over
    draws of the locations with covariance quenched/N, and the state around it with dynamic/N.
    """
    return TwoEffects(readonly(displacement_covariance(F, h)), linear_noise(F, h).P)
