"""Many runs at once, exactly: one network and many of its spikes, or many networks and the same spikes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, finite_array, positive_integer, shaped
from fieldlimit.field import VectorField
from fieldlimit.field.constants import bounded_sup
from fieldlimit.spike_noise.sizes import require_network

BLOCK = 512  # candidates of a run that are drawn together


def trials(
    network: VectorField,
    times: Array,
    runs: int,
    *,
    rng: np.random.Generator,
    h0: Array | None = None,
) -> Array:
    """Z at the times (T,), from 0, in independent runs of one network from Z_0 = h0: (runs, T, r).

    By thinning: candidates at the rate phi_0 of each neuron, accepted with probability phi/phi_0. No
    time step; h0 (r,) or one start for each run (runs, r), default I. ValueError when phi is unbounded.
    """
    runs = positive_integer("runs", runs)
    return _thinned([network], times, runs, runs, rng, h0)


def siblings(
    networks: Sequence[VectorField],
    times: Array,
    *,
    rng: np.random.Generator,
    h0: Array | None = None,
    same_spikes: bool = False,
) -> Array:
    """Z at the times in one run of each network: (networks, T, r). All have the same N, phi and I.

    same_spikes: the same Poisson measures drive all: neuron j of each network has the same candidates,
    so that the runs differ by the locations alone.
    """
    if len({network.size for network in networks}) != 1:
        raise ValueError(f"networks have one N, but N = {sorted({n.size for n in networks})}")
    first = networks[0]
    if not all(n.phi == first.phi and np.array_equal(n.I, first.I) for n in networks):
        raise ValueError("networks have one phi and one I, but these have several")
    return _thinned(networks, times, len(networks), 1 if same_spikes else len(networks), rng, h0)


def _thinned(
    networks: Sequence[VectorField],
    times: Array,
    runs: int,
    draws: int,
    rng: np.random.Generator,
    h0: Array | None,
) -> Array:
    """The common loop. draws: 1 when all runs share their candidates, else one set for each run."""
    first = networks[0]
    N, phi, I = require_network(first), first.phi, first.I
    k, w = (np.stack([getattr(n, name) for n in networks]) for name in "kw")  # (networks, N, r)
    times = finite_array("times", times)
    ceiling = bounded_sup(phi, 0)
    start = I if h0 is None else np.asarray(h0, dtype=float)
    z = shaped("h0", np.broadcast_to(start, (runs, len(I))), (runs, len(I))) - I
    path = np.empty((runs, len(times), len(I)))
    path[:, 0] = z
    which = np.arange(len(networks))
    for step, length in enumerate(np.diff(times)):
        pieces = int(np.ceil(N * ceiling * length / BLOCK))
        for _ in range(pieces):
            gaps, neurons, heights = _candidates(length / pieces, N, ceiling, draws, rng)
            z = z * np.exp(-gaps[0])[:, None]
            decay = np.exp(-gaps[1:])[..., None]
            for c, j in enumerate(neurons):
                rates = phi(np.einsum("nr,nr->n", k[which, j], z + I))
                spiking = (heights[c] < rates)[:, None] / N
                z = (z + spiking * w[which, j]) * decay[c]
        path[:, step + 1] = z
    return path + I


def _candidates(
    length: float, N: int, ceiling: float, draws: int, rng: np.random.Generator
) -> tuple[Array, NDArray[np.int64], Array]:
    """Gaps (1 + c, draws) before, between and after c candidates, their neurons and heights (c, draws).

    Rows are filled up with candidates at the end, of heights above the ceiling: no spike.
    """
    counts = rng.poisson(N * ceiling * length, draws)
    shape = (max(1, int(counts.max())), draws)
    blank = np.arange(shape[0])[:, None] >= counts
    when = np.sort(np.where(blank, length, rng.uniform(0.0, length, shape)), axis=0)
    gaps = np.diff(when, axis=0, prepend=0.0, append=length)
    heights = np.where(blank, 2.0 * ceiling + 1.0, rng.uniform(0.0, ceiling, shape))
    return gaps, rng.integers(N, size=shape), heights
