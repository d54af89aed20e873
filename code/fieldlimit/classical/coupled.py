"""The network and its limit on the same Poisson measures: exact, without a time step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, finite_array, shaped
from fieldlimit.classical.poisson import PoissonMeasure, poisson_measure
from fieldlimit.field import Model, VectorField, bounded_sup, finite_network, flow

Mask = NDArray[np.bool_]

_WINDOW = 64  # candidates decided together


@dataclass(frozen=True, eq=False)
class Coupled:
    """Z and h with the spikes S_j of the network and S'_j of the limit neurons, on one measure.

    network, limit: which points of the measure are spikes of the one and of the other. The states
    are at `times`.
    """

    measure: PoissonMeasure
    network: Mask  # (m,)
    limit: Mask  # (m,)
    times: Array  # (T,)
    latent: Array  # (T, r), Z
    field: Array  # (T, r), h

    @property
    def error(self) -> Array:
        """||Z_t - h_t|| at `times`, (T,)."""
        return np.linalg.norm(self.latent - self.field, axis=1)

    @property
    def differing(self) -> Mask:
        """The points that are a spike of exactly one of the two, (m,)."""
        return self.network ^ self.limit

    @property
    def mismatches(self) -> NDArray[np.int64]:
        """How many spikes of neuron j belong to exactly one of S_j and S'_j, (N,)."""
        return np.bincount(self.measure.neurons[self.differing], minlength=self.measure.N)


def coupled(
    network: VectorField,
    field: VectorField,
    measure: PoissonMeasure,
    *,
    times: Array,
    h0: Array | None = None,
) -> Coupled:
    """Z of the LNP network and h of the field from the same h0 (default I), driven by `measure`.

    Neuron j of the network spikes at its points (s, u) with u <= phi(Z_{s-}(x_j)), its limit copy
    at those with u <= phi(h_s(x_j)): a Poisson process of this rate, independent of the other
    copies. Exact up to rounding given h, which is integrated to 1e-8 a step. times (T,) increase
    strictly from 0 within the measure's duration. ValueError for weights other than 1/N, for a
    measure of another N, and for a ceiling below sup phi: points above it would be missing.
    """
    h0 = network.I if h0 is None else shaped("h0", h0, network.I.shape)
    _require_driven(network, measure)
    times = finite_array("times", times)
    if times.ndim != 1 or not len(times) or times[0] != 0 or times[-1] > measure.duration:
        raise ValueError(f"times go from 0 up to at most {measure.duration}, but times = {times}")
    grid, where = np.unique(np.concatenate([times, measure.times]), return_inverse=True)
    path = flow(field, h0, grid)[where]  # one row for each time, then one for each candidate
    potentials = np.sum(network.k[measure.neurons] * path[len(times) :], axis=1)
    limit = measure.heights <= network.phi(potentials)
    spikes = thinned(network, measure, h0)
    latent = latent_path(
        network, measure.times[spikes], measure.neurons[spikes], h0=h0, times=times
    )
    return Coupled(measure, spikes, limit, times, latent, path[: len(times)])


def sample_coupled(
    model: Model,
    field: VectorField,
    N: int,
    *,
    times: Array,
    rng: np.random.Generator,
    h0: Array | None = None,
) -> tuple[VectorField, Coupled]:
    """A network of N drawn neurons and its coupled run on a drawn measure, over [0, times[-1]].

    `field` is `neural_field(model)`, made once for many draws.
    """
    network = finite_network(model, N, rng=rng)
    measure = poisson_measure(N, float(times[-1]), bounded_sup(model.phi, 0), rng=rng)
    return network, coupled(network, field, measure, times=times, h0=h0)


def thinned(network: VectorField, measure: PoissonMeasure, h0: Array) -> Mask:
    """Which points of the measure are spikes of the network started at h0: (m,), exact.

    The candidates are decided in the order of time, a window of 64 at once. In a window the
    potential at candidate l is b_l + sum_{i < l} A_li a_i with a_i = 1 for a spike and 0 otherwise.
    Iterating a <- 1(u <= phi(b + A a)) from any start makes a_1 right, then a_2, ...: when a
    repeats, it is the sequential decision. Two or three rounds, mostly.
    """
    k, w, N, rest = network.k, network.w, network.size, network.I
    decisions = np.zeros(len(measure), dtype=bool)
    z, start = h0, 0.0
    for low in range(0, len(measure), _WINDOW):
        window = slice(low, low + _WINDOW)
        t, j, u = measure.times[window], measure.neurons[window], measure.heights[window]
        decay = np.exp(start - t)
        base = k[j] @ rest + decay * (k[j] @ (z - rest))
        ages = np.tril(t[:, None] - t, -1)
        A = np.tril(np.exp(-ages) * (k[j] @ w[j].T) / N, -1)
        spikes = u <= network.phi(base)
        while True:
            again = u <= network.phi(base + A @ spikes)
            if np.array_equal(again, spikes):
                break
            spikes = again
        decisions[window] = spikes
        z = rest + decay[-1] * (z - rest) + (spikes * np.exp(t - t[-1])) @ w[j] / N
        start = t[-1]
    return decisions


def latent_path(
    network: VectorField,
    spike_times: Array,
    neurons: NDArray[np.int64],
    *,
    h0: Array,
    times: Array,
) -> Array:
    """Z_t = I + e^{-t}(h0 - I) + (1/N) sum_{s <= t} e^{-(t - s)} w_j over the spikes: (T, r).

    spike_times (s,) increase; times (T,) increase strictly from 0; spikes after the last time are
    ignored.
    """
    z = np.empty((len(times), len(network.I)))
    z[0] = h0
    cuts = np.searchsorted(spike_times, times, side="right")
    for i in range(1, len(times)):
        own = slice(cuts[i - 1], cuts[i])
        jumps = np.exp(spike_times[own] - times[i]) @ network.w[neurons[own]] / network.size
        z[i] = network.I + np.exp(times[i - 1] - times[i]) * (z[i - 1] - network.I) + jumps
    return z


def _require_driven(network: VectorField, measure: PoissonMeasure) -> None:
    N = network.size
    if not np.allclose(network.weights, 1 / N, rtol=1e-12, atol=0):
        raise ValueError(f"the weights of a network are 1/N = {1 / N}, but {network.weights[0]}")
    if measure.N != N:
        raise ValueError(f"the measure has one part a neuron, N = {N}, but N = {measure.N}")
    top = bounded_sup(network.phi, 0)
    if measure.ceiling < top:
        raise ValueError(f"the ceiling is at least sup phi = {top}, but it is {measure.ceiling}")
