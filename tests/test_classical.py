"""The classical route: integrals of an exponential, Poisson measures, the coupled simulation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from calibrated import assert_mean
from coupled_runs import RING, SHIFTED, START, STRONG, T, driven
from fieldlimit import classical as cl
from fieldlimit.field import Model, finite_network, flow, neural_field
from fieldlimit.kernels import cosine_ring, population_kernel
from fieldlimit.network import simulate
from fieldlimit.nonlinearities import Exponential, Logistic, ThresholdLinear

# ---- integrals of an exponential ----------------------------------------------------------------


@pytest.mark.parametrize("rate", [-2.0, -1e-3 / 2, -1e-4, 0.0, 1e-7, 2e-4, 1e-3, 3.0])
def test_growth_is_the_integral_of_the_exponential(rate):
    t = np.array([0.0, 0.3, 2.0, 5.0])
    first = [quad(lambda s: math.exp(rate * s), 0, x)[0] for x in t]
    second = [quad(lambda s: float(cl.growth(rate, s)), 0, x)[0] for x in t]
    np.testing.assert_allclose(cl.growth(rate, t), first, rtol=1e-10)  # quad, and the series
    np.testing.assert_allclose(cl.growth_integral(rate, t), second, rtol=1e-10)


def test_growth_overflows_to_infinity_and_refuses_the_past():
    assert cl.growth(10.0, 100.0) == math.inf
    with pytest.raises(ValueError, match="t is finite and at least 0"):
        cl.growth(1.0, -1.0)


@pytest.mark.parametrize("rate", [-1.5, 0.0, 0.7])
def test_weighted_past_converges_quadratically(rate):
    errors = []
    for steps in (20, 40):
        times = np.linspace(0, 2, steps + 1)
        exact = quad(lambda s: math.exp(rate * (2 - s)) * math.sin(3 * s), 0, 2)[0]
        errors.append(abs(cl.weighted_past(times, np.sin(3 * times), rate)[-1] - exact))
    assert 3.8 < errors[0] / errors[1] < 4.2
    ramp = cl.weighted_past(np.array([0.0, 2.0]), np.array([1.0, 3.0]), rate)[-1]
    by_quad = quad(lambda s: math.exp(rate * (2 - s)) * (1 + s), 0, 2)[0]
    assert ramp == pytest.approx(by_quad, rel=1e-10)  # exact for a piecewise linear function


@pytest.mark.parametrize("rate", [-1.0, 0.0, 3.0])
def test_the_past_of_a_root_converges_with_order_four(rate):
    """g(s) = (1 - e^{-2s})/2 + sin(s)^2/4, whose root starts as sqrt s, as zeta does.

    Teeth: the linear interpolation of the root is ten times worse already with 20 steps.
    """

    def g(s):
        return (1 - np.exp(-2 * s)) / 2 + np.sin(s) ** 2 / 4

    # s = v^2 removes the root's corner from the reference, too
    exact = quad(lambda v: 2 * v * math.exp(rate * (2 - v**2)) * math.sqrt(g(v**2)), 0, 2**0.5)[0]
    errors, linear = [], []
    for steps in (20, 40):
        times = np.linspace(0, 2, steps + 1)
        errors.append(abs(cl.weighted_past_of_root(times, g(times), rate)[-1] - exact))
        linear.append(abs(cl.weighted_past(times, np.sqrt(g(times)), rate)[-1] - exact))
    assert errors[0] < linear[0] / 10
    assert errors[0] / errors[1] > 10  # order 4 or better: 16, less what the ends cost
    assert cl.weighted_past_of_root(np.array([0.0]), np.array([1.0]), rate) == 0.0


@pytest.mark.checks("thm-coupling")
def test_the_bound_along_the_trajectory_does_not_depend_on_the_grid():
    """81 times give the bound of 641 to 1e-4, beyond Lambda = 1: it is the theorem's number."""
    fine = cl.copy_error(STRONG, START, np.linspace(0, 4, 641), n=64)
    coarse = cl.copy_error(STRONG, START, fine.times[::8], n=64)
    bounds = [cl.coupling_bound_along(50, c, strength=7.0) for c in (coarse, fine)]
    np.testing.assert_allclose(bounds[0], bounds[1][::8], rtol=1e-4)


# ---- Poisson measures and the coupled simulation -------------------------------------------------


def test_the_measure_has_unit_intensity():
    """Counts in a box of area 2 x 0.5, over 4000 parts: mean and variance 1; false alarms 1e-9."""
    measure = cl.poisson_measure(4000, 3.0, 2.0, rng=np.random.default_rng(1))
    box = (measure.times < 2.0) & (measure.heights > 1.5)
    counts = np.bincount(measure.neurons[box], minlength=4000)
    assert_mean(counts, 1.0, variance=1.0)
    assert_mean((counts - 1.0) ** 2, 1.0, variance=3.0)  # fourth central moment 1 + 3, minus 1
    assert (np.diff(measure.times) > 0).all()


def test_measures_that_mean_nothing_are_refused():
    with pytest.raises(ValueError, match="times increase in"):
        cl.PoissonMeasure(np.array([0.5, 2.0]), np.zeros(2), np.zeros(2), 1, 1.0, 1.0)
    with pytest.raises(ValueError, match="vectors of one length"):
        cl.PoissonMeasure(np.array([0.5]), np.zeros(2), np.zeros(2), 1, 1.0, 1.0)
    measure = cl.poisson_measure(5, 1.0, 0.5, rng=np.random.default_rng(2))
    network = finite_network(RING, 5, rng=np.random.default_rng(2))
    times = np.array([0.0, 1.0])
    with pytest.raises(ValueError, match="the ceiling is at least sup phi"):
        cl.coupled(network, neural_field(RING), measure, times=times)
    with pytest.raises(ValueError, match="the measure has one part a neuron"):
        cl.coupled(finite_network(RING, 6, rng=np.random.default_rng(2)), neural_field(RING), measure, times=times)  # fmt: skip
    full = cl.poisson_measure(5, 1.0, 1.0, rng=np.random.default_rng(2))
    with pytest.raises(ValueError, match="times go from 0"):
        cl.coupled(network, neural_field(RING), full, times=np.array([0.0, 2.0]))
    with pytest.raises(ValueError, match="the weights of a network are 1/N"):
        cl.coupled(replace(network, weights=np.full(5, 0.1)), neural_field(RING), full, times=times)


def one_by_one(network, measure, h0):
    """The definition: candidates in the order of time, one after the other."""
    z, last, kept = h0.copy(), 0.0, []
    for t, j, u in zip(measure.times, measure.neurons, measure.heights, strict=True):
        z = network.I + math.exp(last - t) * (z - network.I)
        last = t
        kept.append(u <= float(network.phi(network.k[j] @ z)))
        if kept[-1]:
            z = z + network.w[j] / network.size
    return np.array(kept), z, last


@pytest.mark.parametrize("model", [RING, STRONG, SHIFTED])
@pytest.mark.parametrize("N", [1, 7, 300])
def test_windows_decide_as_one_by_one(model, N):
    """The same spikes, and the same state, up to rounding; N = 1 has the strongest feedback."""
    network, run = driven(model, N, 5, times=(0.0, 1.0, 6.0))
    kept, z, last = one_by_one(network, run.measure, START)
    assert np.array_equal(run.network, kept)
    end = network.I + math.exp(last - 6.0) * (z - network.I)
    np.testing.assert_allclose(run.latent[-1], end, atol=1e-11)  # rounding
    assert len(run.measure) > 3  # something was decided


def test_limit_neurons_spike_below_the_graph_of_their_rate():
    network, run = driven(STRONG, 40, 6)
    path = flow(neural_field(STRONG, 64), START, np.concatenate([[0.0], run.measure.times]))[1:]
    rates = STRONG.phi(np.sum(network.k[run.measure.neurons] * path, axis=1))
    assert np.array_equal(run.limit, run.measure.heights <= rates)
    assert run.mismatches.sum() == np.sum(run.network != run.limit)


def test_without_coupling_network_and_limit_agree_spike_by_spike():
    alone = Model(population_kernel(np.zeros((2, 2)), [0.5, 0.5]), Logistic(2.0, 1.0), [0.4, -1.0])
    _, run = driven(alone, 50, 7, h0=np.array([1.0, 0.0]))
    assert not run.differing.any()
    assert run.limit.sum() > 50
    np.testing.assert_allclose(run.error, 0, atol=1e-7)  # the flow's tolerance


def test_the_network_has_the_law_of_the_clock_driven_simulation():
    """Mean spikes and mean state of 200 runs each, within 6.5 standard errors of the difference.

    Detects: a mean rate off by 9 %. The clock's lag, below dt = 0.01, is a tenth of the margin.
    """
    network = finite_network(SHIFTED, 40, rng=np.random.default_rng(8))
    streams = np.random.default_rng(9).spawn(400)
    exact, stepped = [], []
    for rng in streams[:200]:
        measure = cl.poisson_measure(40, T, 1.0, rng=rng)
        kept = cl.thinned(network, measure, START)
        times, neurons = measure.times[kept], measure.neurons[kept]
        end = cl.latent_path(network, times, neurons, h0=START, times=np.array([0.0, T]))[-1]
        exact.append([kept.sum(), *end])
    for rng in streams[200:]:
        spikes = simulate(network, T, rng=rng, h0=START)
        stepped.append([len(spikes.times), *spikes.latent[-1]])
    exact, stepped = np.array(exact), np.array(stepped)
    error = np.sqrt((exact.var(axis=0, ddof=1) + stepped.var(axis=0, ddof=1)) / 200)
    assert (np.abs(exact.mean(axis=0) - stepped.mean(axis=0)) < 6.5 * error).all()
    assert 6.5 * error[0] < 0.09 * exact[:, 0].mean()


# ---- what is refused -----------------------------------------------------------------------------


def test_hypotheses_are_checked():
    ring = cosine_ring(-1.0, 1.0)
    with pytest.raises(ValueError, match=r"phi\^\(0\) is bounded"):
        cl.a_priori_copy_error(Model(ring, ThresholdLinear()))
    with pytest.raises(ValueError, match=r"phi\^\(1\) is bounded"):
        cl.coupling_strength(Model(ring, Exponential()))
    with pytest.raises(ValueError, match="strength is at least 0"):
        cl.coupling_bound(10, 1.0, strength=-0.1, noise=1.0)
    with pytest.raises(ValueError, match="times increase strictly from 0"):
        cl.copy_error(RING, START, np.array([0.5, 1.0]))
    with pytest.raises(ValueError, match="values has the shape"):
        cl.weighted_past(np.array([0.0, 1.0]), np.zeros(3), 1.0)
    with pytest.raises(ValueError, match="delta is a probability"):
        cl.trajectory_deviation(10, 1.2, trace=1.0, phi_0=1.0, omega=1.0)
