"""Streams of windows, what is read from spikes, and the measures that drive networks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fieldlimit.classical import poisson_measure, thinned
from fieldlimit.field import finite_network
from fieldlimit.network import PoissonCells, activity, potentials, simulate, stream
from spiking import RING


def test_a_stream_is_the_simulation_in_pieces():
    net = finite_network(RING, 300, rng=np.random.default_rng(0))
    whole = simulate(net, 19.0, rng=np.random.default_rng(1), record=np.arange(0, 300, 7))
    parts = list(stream(net, 19.0, rng=np.random.default_rng(1), record=np.arange(0, 300, 7)))
    assert len(parts) > 3
    assert np.array_equal(np.concatenate([p.times for p in parts]), whole.times)
    assert np.array_equal(np.concatenate([p.latent for p in parts]), whole.latent)
    bar = simulate(net, 19.0, rng=np.random.default_rng(1), progress=True)
    assert len(bar.times) > len(whole.times)


def test_memory_does_not_grow_with_the_duration():
    """Two million spikes pass in a stream without being kept: the peak stays below a tenth of their size."""
    import tracemalloc

    net = finite_network(RING, 3000, rng=np.random.default_rng(0))
    nobody = np.array([], dtype=int)
    simulate(net, 5.0, rng=np.random.default_rng(1))  # imports what it needs
    tracemalloc.start()
    for part in stream(net, 2000.0, rng=np.random.default_rng(1), record=nobody, at=np.array([])):
        assert not len(part.times)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6 * 16 / 10  # a time and a number, of eight bytes each


def test_what_is_read_from_spikes():
    net = finite_network(RING, 50, rng=np.random.default_rng(0))
    spikes = simulate(net, 6.0, rng=np.random.default_rng(1), at=np.array([0.0, 2.0, 2.0, 6.0]))
    np.testing.assert_allclose(
        potentials(spikes, net, np.array([3, 49])), spikes.latent @ net.k[[3, 49]].T, rtol=1e-14
    )
    edges = np.array([0.0, 1.0, 2.5, 6.0])
    counts = np.histogram(spikes.times, edges)[0]
    np.testing.assert_allclose(activity(spikes, edges, np.ones(50)), counts / 50 / np.diff(edges))
    angle = net.locations[:, 0]
    wave = activity(spikes, edges, np.stack([np.cos(angle), np.sin(angle)], axis=1))
    first = angle[spikes.neurons[spikes.times < 1.0]]
    np.testing.assert_allclose(wave[0], [np.cos(first).sum() / 50, np.sin(first).sum() / 50])
    with pytest.raises(ValueError, match="edges are two or more and increase strictly"):
        activity(spikes, np.array([1.0, 1.0]), np.ones(50))


def test_joined_points_a_measure_are_poisson_and_its_own():
    measure = PoissonCells(5, seed=3, height=2.0, duration=0.5)
    a, b, c = measure.points(4), measure.points(4), measure.points(4, layer=1)
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert 2.0 <= a.times.min() and a.times.max() < 2.5 and a.heights.max() < 2.0 <= c.heights.min()
    counts = [len(measure.points(m).times) for m in range(4000)]
    assert abs(np.mean(counts) - 5.0) < 6.2 * math.sqrt(5 / 4000)  # false alarm 1e-9
    assert abs(np.var(counts) - 5.0) < 6.2 * math.sqrt((5 + 2 * 25) / 4000)
    joined = measure.between(2.0, 2.5, 3.0)
    assert len(joined.times) == len(a.times) + len(c.times) and (np.diff(joined.times) >= 0).all()
    pieces = [measure.between(*ends, 2.0).times for ends in ((0.3, 1.1), (1.1, 2.0), (2.0, 4.2))]
    assert np.array_equal(np.concatenate(pieces), measure.between(0.3, 4.2, 2.0).times)


def test_a_drawn_measure_drives_the_simulation_too():
    """Chapter 4's measure and its own sequential decisions: the same spikes."""
    net = finite_network(RING, 80, rng=np.random.default_rng(0))
    measure = poisson_measure(80, 6.3, 1.0, rng=np.random.default_rng(1))
    h0 = np.array([0.5, 1.0, 0.2])
    spikes = simulate(net, 6.3, rng=None, measure=measure, h0=h0)
    assert np.array_equal(spikes.times, measure.times[thinned(net, measure, h0)])
    with pytest.raises(ValueError, match="drawn up to time 6.3 and height 1.0"):
        simulate(net, 7.0, rng=None, measure=measure, h0=h0)
