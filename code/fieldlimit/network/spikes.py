"""What a simulation returns, and what is read from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, finite_array, shaped
from fieldlimit.field import VectorField


@dataclass(frozen=True, eq=False)
class Spikes:
    """What a simulation returns. Times in units of tau.

    times (S,), increasing, and neurons (S,) of the spikes; latent (T, r), the state Z at
    latent_times (T,), from 0 to the duration.
    """

    times: Array  # (S,)
    neurons: NDArray[np.int64]  # (S,)
    latent_times: Array  # (T,)
    latent: Array  # (T, r)


def potentials(spikes: Spikes, network: VectorField, neurons: NDArray[np.integer]) -> Array:
    """h_i(t) = <Z_t, k_i> at the latent times, for the given neurons (n,): (T, n)."""
    return spikes.latent @ network.k[_numbers("neurons", neurons, network.size)].T


def activity(spikes: Spikes, edges: Array, observable: Array) -> Array:
    """(1/N) sum over spikes in a bin of g(neuron), per tau: (bins,) or (bins, q).

    edges (bins + 1,), increasing; observable g, (N,) or (N, q). g = 1: the population rate;
    indicators of groups: their rates, times their share of the neurons; cos x and sin x on a ring:
    the two components of its order parameter.
    """
    edges = shaped("edges", edges, (None,))
    if len(edges) < 2 or (np.diff(edges) <= 0).any():
        raise ValueError(f"edges are two or more and increase strictly, but edges = {edges}")
    g = finite_array("observable", observable)
    columns = g.reshape(len(g), -1)
    bins = np.searchsorted(edges, spikes.times, side="right") - 1
    inside = (bins >= 0) & (bins < len(edges) - 1)
    bins, neurons = bins[inside], spikes.neurons[inside]
    sums = [np.bincount(bins, column[neurons], len(edges) - 1) for column in columns.T]
    rates = np.stack(sums, axis=1) / (len(g) * np.diff(edges)[:, None])
    return rates.reshape(len(edges) - 1, *g.shape[1:])


def joined(parts: list[Spikes]) -> Spikes:
    """One record from those of successive windows."""
    return Spikes(
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.neurons for part in parts]),
        np.concatenate([part.latent_times for part in parts]),
        np.concatenate([part.latent for part in parts]),
    )


def recorded(record: NDArray[np.integer] | None, N: int) -> NDArray[np.bool_] | None:
    """Which of the N neurons are recorded (N,); None: all."""
    if record is None:
        return None
    mask = np.zeros(N, dtype=bool)
    mask[_numbers("recorded neurons", record, N)] = True
    return mask


def _numbers(name: str, neurons: NDArray[np.integer], N: int) -> NDArray[np.int64]:
    neurons = np.asarray(neurons)
    if neurons.size and (neurons.min() < 0 or neurons.max() >= N):
        raise ValueError(f"{name} lie in 0..{N - 1}, but {neurons.min()}..{neurons.max()}")
    return neurons.astype(np.int64)
