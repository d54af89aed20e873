"""Correlations of potentials and of spike trains, in time and in frequency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, finite_array, nonnegative, readonly, shaped
from fieldlimit.field import VectorField
from fieldlimit.spike_noise.linear_noise import LinearNoise, linear_noise
from fieldlimit.statements import states

Complex = NDArray[np.complexfloating]


@dataclass(frozen=True, eq=False)
class Correlations:
    """Second-order statistics of a network at its stable zero h, to the order 1/N.

    Angular frequencies f in radians per tau; spectra are int c(s) e^{-i f s} ds.
    """

    network: VectorField
    h: Array  # (r,)
    noise: LinearNoise

    def potentials(self, frequency: Array) -> Complex:
        """(1/N) (i f - A)^{-1} Q (-i f - A*)^{-1}: cross-spectra of Z, (f, r, r)."""
        R = self._resolvent(frequency)
        return R @ self.noise.Q @ R.conj().swapaxes(1, 2) / self.network.size

    def activity(self, frequency: Array, v: Array) -> Complex:
        """Cross-spectra of the spike trains (1/N) sum_j v_j dS_j, v (N, q): (f, q, q), per tau.

        (1/N^2) sum_j phi_j T_j T_j^*, T_j = v_j + G (i f - A)^{-1} w_j, G = (1/N) sum v_j (x) k_j
        phi'_j. As f -> inf only the spikes' own (1/N^2) sum phi_j v_j (x) v_j remains.
        """
        F = self.network
        v = shaped("v", v, (F.size, None))
        h = F.potentials(self.h)
        G = (v * (F.weights * F.phi.derivative(h, 1))[:, None]).T @ F.k
        T = v.T + G @ self._resolvent(frequency) @ F.w.T  # (f, q, N)
        return (T * (F.weights * F.phi(h)) @ T.conj().swapaxes(1, 2)) / F.size

    def pairs(self, i: NDArray[np.integer], j: NDArray[np.integer], lag: float) -> Array:
        """c_ij(s) = (1/N) phi'_i <k_i, e^{sA} (phi_j w_j + phi'_j P k_j)>, s > 0, per tau^2: (i, j).

        The covariance of the spike trains of neuron i at t + s and of neuron j at t; for i = j beside
        the delta phi_i at lag 0.
        """
        from scipy.linalg import expm

        F = self.network
        h = F.potentials(self.h)
        rates, slopes = F.phi(h)[:, None], F.phi.derivative(h, 1)[:, None]
        sources = rates[j] * F.w[j] + slopes[j] * (F.k[j] @ self.noise.P)
        moved = expm(nonnegative("lag", lag) * self.noise.A) @ sources.T
        return slopes[i] * (F.k[i] @ moved) / F.size

    def _resolvent(self, frequency: Array) -> Complex:
        frequency = np.atleast_1d(finite_array("frequency", frequency))
        identity = np.eye(len(self.h))
        return np.linalg.inv(1j * frequency[:, None, None] * identity - self.noise.A)


@states("prop-spike-spectra")
def correlations(network: VectorField, h: Array) -> Correlations:
    """Spectra and pair correlations around a stable zero h (r,) of a network.

    Exact where phi is affine and the connections excitatory (thm-linear-spikes), to leading order in
    1/N otherwise. ValueError unless h is stable.
    """
    return Correlations(
        network, readonly(shaped("h", h, network.I.shape)), linear_noise(network, h)
    )
