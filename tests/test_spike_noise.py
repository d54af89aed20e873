"""Chapter 14: guarantees for the spiking network given its locations, for all times.

Means are compared by the normal approximation at 1e-9 (six standard errors) with thousands of
runs; `trials` is exact, so no time step biases them.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from calibrated import assert_bound_with_teeth, assert_mean, assert_rejected
from fieldlimit import spike_noise as sn
from fieldlimit.field import Model, VectorField, finite_network, flow, project
from fieldlimit.fixed_points import newton
from fieldlimit.kernels import mexican_hat, population_kernel, power_law, shifted_ring, torus_kernel
from fieldlimit.network import simulate
from fieldlimit.nonlinearities import Exponential, Logistic, ThresholdLinear

KERNEL = torus_kernel(power_law(5, 1.5), 1)  # eleven modes on the circle, all positive
HELD = project(KERNEL, lambda x: 0.5 * np.cos(x[:, 0])).coordinates


def held(N: int, gain: float = 1.0, seed: int = 1) -> VectorField:
    return finite_network(
        Model(KERNEL, Logistic(gain=gain), HELD), N, rng=np.random.default_rng(seed)
    )


def zero(network: VectorField) -> np.ndarray:
    return newton(network, network.I[None])[0]


def one_neuron(J: float, gain: float, threshold: float) -> VectorField:
    return VectorField(
        np.ones((1, 1)), np.array([[J]]), np.ones(1), Logistic(1.0, gain, threshold), np.zeros(1)
    )


def assert_mean_at_most(samples: np.ndarray, bound: float) -> None:
    """E <= bound is compatible with the samples, one-sided, false-alarm rate about 1e-9."""
    error = samples.std(ddof=1) / math.sqrt(len(samples))
    assert samples.mean() - 6 * error <= bound, (
        f"mean {samples.mean():.4g} +- {error:.2g} > {bound:.4g}"
    )


# ---- simulation ---------------------------------------------------------------------------------


def test_trials_are_those_of_simulate():
    """The clock-driven or event-driven simulator and the parallel one have the same law."""
    network, times = held(20, gain=2.0), np.array([0.0, 1.0, 2.0])
    many = sn.trials(network, times, 4000, rng=np.random.default_rng(2))[:, -1]
    streams = np.random.default_rng(3).spawn(250)
    few = np.array([simulate(network, 2.0, rng=rng).latent[-1] for rng in streams])
    error = np.sqrt(many.var(axis=0) / 4000 + few.var(axis=0) / 250)
    assert (np.abs(many.mean(axis=0) - few.mean(axis=0)) < 6 * error + 2e-3).all()  # time step 0.01
    spread = np.sum((few - few.mean(axis=0)) ** 2, axis=1)
    assert_mean(spread, float(many.var(axis=0).sum()), variance=float(spread.var()))


def test_trials_start_where_they_are_told_and_decay_without_spikes():
    network = one_neuron(1.0, 50.0, 100.0)  # a rate of e^-5000 at 0: it never spikes
    starts = np.array([[1.0], [-2.0]])
    Z = sn.trials(network, np.array([0.0, 0.5, 2.0]), 2, rng=np.random.default_rng(0), h0=starts)
    np.testing.assert_allclose(Z[..., 0], starts * np.exp([0.0, -0.5, -2.0]), rtol=1e-12)


def test_siblings_with_the_same_spikes_differ_by_the_locations_alone():
    network, rng = held(30), np.random.default_rng(5)
    same = sn.siblings([network] * 3, np.array([0.0, 2.0]), rng=rng, same_spikes=True)
    assert np.ptp(same, axis=0).max() == 0
    assert np.ptp(sn.siblings([network] * 3, np.array([0.0, 2.0]), rng=rng), axis=0).max() > 0


def test_trials_refuse():
    with pytest.raises(ValueError, match=r"phi\^\(0\) is bounded"):
        sn.trials(
            VectorField(np.ones((1, 1)), np.ones((1, 1)), np.ones(1), Exponential(), np.zeros(1)),
            np.array([0.0, 1.0]),
            2,
            rng=np.random.default_rng(0),
        )
    with pytest.raises(ValueError, match="networks have one N"):
        sn.siblings([held(3), held(4)], np.array([0.0, 1.0]), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="networks have one phi"):
        sn.siblings([held(3), held(3, 2.0)], np.array([0.0, 1.0]), rng=np.random.default_rng(0))


# ---- the martingale -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def noise() -> sn.Noise:
    network, times = held(30, gain=2.0), np.linspace(0.0, 1.0, 51)
    return sn.martingale(
        network, times, sn.trials(network, times, 3000, rng=np.random.default_rng(4))
    )


@pytest.mark.checks("thm-martingale")
def test_the_noise_is_a_martingale_with_this_bracket(noise):
    """E M = 0; E <M, u>^2 = E <u, bracket u> in every direction of a basis; Doob's inequality.

    Teeth: a bracket wrong by 15 % is detected. The trapezoidal sums shift ||M||^2 by less than 1 %.
    """
    end = noise.path[:, -1]
    for coordinate in range(end.shape[1]):
        assert_mean(end[:, coordinate], 0.0, variance=float(end[:, coordinate].var()))
    traces = np.trace(noise.bracket, axis1=1, axis2=2)
    square = np.sum(end**2, axis=1)
    assert_mean(square - traces, 0.0, variance=float((square - traces).var()))
    for wrong in (0.85, 1.15):
        gap = square - wrong * traces
        assert_rejected(lambda gap=gap: assert_mean(gap, 0.0, variance=float(gap.var())))
    for i in range(0, end.shape[1], 2):
        gap = end[:, i] ** 2 - noise.bracket[:, i, i]
        assert_mean(gap, 0.0, variance=float(gap.var()))
    largest = np.sum(noise.path**2, axis=2).max(axis=1)
    assert_mean_at_most(largest - 4 * traces, 0.0)


@pytest.mark.checks("thm-martingale")
def test_increments_of_the_noise_are_uncorrelated_with_the_past(noise):
    first, second = noise.path[:, 25], noise.path[:, -1] - noise.path[:, 25]
    inner = np.sum(first * second, axis=1)
    assert_mean(inner, 0.0, variance=float(inner.var()))


# ---- dissipation --------------------------------------------------------------------------------


@pytest.mark.checks("prop-dissipative")
@pytest.mark.parametrize(
    "kernel",
    [
        KERNEL,
        mexican_hat(0.5, 1.0, 4.0, 3.0, rank=9),
        shifted_ring(-1.0, 2.0, 0.4),
        population_kernel(np.array([[1.0, -2.0], [1.5, -0.5]]), np.array([0.7, 0.3])),
    ],
    ids=["positive", "Mexican hat", "shifted", "populations"],
)
def test_two_states_approach_at_the_promised_rate(kernel):
    """<F_N(h) - F_N(g), h - g> <= -alpha ||h - g||^2 for 400 pairs, near and far."""
    model, rng = Model(kernel, Logistic(gain=2.0)), np.random.default_rng(7)
    for N in (5, 60):
        network = finite_network(model, N, rng=rng)
        alpha = sn.dissipation_rate(network)
        assert alpha >= sn.dissipation_rate(network, increasing=False) - 1e-12
        size = 10.0 ** rng.uniform(-2, 1, (400, 1))
        h = rng.standard_normal((400, kernel.rank))
        u = size * rng.standard_normal((400, kernel.rank))
        inner = np.sum((network(h + u) - network(h)) * u, axis=1)
        assert (inner <= -alpha * np.sum(u**2, axis=1) + 1e-12).all()


@pytest.mark.checks("prop-dissipative")
def test_the_rate_of_dissipation_is_attained():
    """Positive kernel, all potentials at the steepest point: equality. Teeth: 1 % more is false."""
    network = finite_network(Model(KERNEL, Logistic(gain=2.0)), 50, rng=np.random.default_rng(8))
    top = np.linalg.eigvalsh(network.derivative(np.zeros(KERNEL.rank)))[-1]
    assert sn.dissipation_rate(network) == pytest.approx(-top, rel=1e-9)
    assert not top <= -1.01 * sn.dissipation_rate(network)


@pytest.mark.checks("prop-dissipative")
def test_without_connections_states_approach_at_rate_one():
    network = held(5)
    silent = VectorField(
        network.k, 0 * network.w, network.weights, network.phi, network.I, network.locations
    )
    assert sn.dissipation_rate(silent) == sn.dissipation_rate(silent, increasing=False) == 1


# ---- mean squares and probabilities for all times ------------------------------------------------


@pytest.mark.checks("thm-spike-stationary")
@pytest.mark.parametrize("time", [0.5, 8.0])
def test_the_mean_square_distance_is_bounded_at_all_times(time):
    """From Z_0 away from h_N(0) and from a state far from rest. Teeth: 0.45 of the bound is false."""
    network = held(50)
    alpha = sn.dissipation_rate(network)
    h0 = 2.0 * np.ones(KERNEL.rank) / math.sqrt(KERNEL.rank)
    offset = 0.05 * np.ones(KERNEL.rank) / math.sqrt(KERNEL.rank)
    h = flow(network, h0, np.array([0.0, time]))[-1]
    Z = sn.trials(
        network, np.array([0.0, time]), 4000, rng=np.random.default_rng(9), h0=h0 + offset
    )
    square = np.sum((Z[:, -1] - h) ** 2, axis=1)
    bound = sn.spike_mean_square(network, time, alpha=alpha, start=0.05**2)
    assert_mean_at_most(square, bound)
    assert_rejected(lambda: assert_mean_at_most(square, 0.45 * bound))


@pytest.fixture(scope="module")
def stationary() -> tuple[VectorField, np.ndarray, np.ndarray]:
    """4000 runs of 200 neurons, eight time constants after the start at the fixed point."""
    network = held(200)
    h = zero(network)
    Z = sn.trials(network, np.array([0.0, 8.0]), 4000, rng=np.random.default_rng(10), h0=h)
    return network, h, Z[:, -1] - h


@pytest.mark.checks("cor-spike-rates")
def test_rates_in_place_of_their_supremum(stationary):
    """Teeth: 0.75 of the bound is false; and it beats the theorem by a third."""
    network, h, deviation = stationary
    alpha = sn.dissipation_rate(network)
    bound = sn.spike_mean_square_by_rates(network, h, alpha=alpha)
    square = np.sum(deviation**2, axis=1)
    assert_mean_at_most(square, bound)
    assert_rejected(lambda: assert_mean_at_most(square, 0.75 * bound))
    assert bound < 0.7 * sn.spike_mean_square(network, np.inf, alpha=alpha)


@pytest.mark.checks("thm-spike-deviation")
def test_the_radius_is_exceeded_as_rarely_as_promised(stationary):
    """At 5 % and at 1 %. Teeth: 0.35 of the radius is exceeded too often."""
    network, _, deviation = stationary
    alpha, distance = sn.dissipation_rate(network), np.linalg.norm(deviation, axis=1)
    for delta in (0.05, 0.01):
        radius = sn.spike_deviation(network, delta, alpha=alpha)
        assert_bound_with_teeth(distance, radius, delta, weakened=0.35)


@pytest.mark.checks("thm-spike-deviation")
def test_the_tube_holds_over_an_interval():
    """The largest of 101 distances in ten time constants. Teeth: 0.25 of the radius fails."""
    network, times = held(60), np.linspace(0.0, 10.0, 101)
    h = zero(network)
    Z = sn.trials(network, times, 600, rng=np.random.default_rng(11), h0=h)
    largest = np.linalg.norm(Z - h, axis=2).max(axis=1)
    alpha = sn.dissipation_rate(network)
    radius = sn.spike_deviation(network, 0.05, alpha=alpha, duration=10.0)
    assert_bound_with_teeth(largest, radius, 0.05, weakened=0.25)
    assert radius > sn.spike_deviation(network, 0.05, alpha=alpha)
    longer = sn.spike_deviation(network, 0.05, alpha=alpha, duration=1e9)
    assert longer < 3 * radius  # a hundred million times longer


def test_guarantees_refuse():
    network = held(20)
    with pytest.raises(ValueError, match="alpha is finite and positive"):
        sn.spike_mean_square(network, 1.0, alpha=-0.1)
    with pytest.raises(ValueError, match="delta is a probability"):
        sn.spike_deviation(network, 1.5, alpha=0.5)
    unbounded = VectorField(
        network.k, network.w, network.weights, ThresholdLinear(), network.I, network.locations
    )
    with pytest.raises(ValueError, match=r"phi\^\(0\) is bounded"):
        sn.spike_mean_square(unbounded, 1.0, alpha=0.5)
    with pytest.raises(ValueError, match="the weights of a network"):
        sn.dissipation_rate(
            VectorField(
                np.ones((2, 1)), np.ones((2, 1)), np.array([0.3, 0.7]), Logistic(), np.zeros(1)
            )
        )


# ---- linear noise ---------------------------------------------------------------------------------


@pytest.mark.checks("prop-lyapunov")
def test_the_lyapunov_equation():
    """Residual and integral to rounding; the bounds hold for 50 pairs and are attained at A = -a Id."""
    from scipy.linalg import expm

    rng = np.random.default_rng(12)
    for _ in range(50):
        root, r = rng.standard_normal((4, 2)), 4
        A = rng.standard_normal((4, 4))
        A -= (np.linalg.eigvals(A).real.max() + 0.3) * np.eye(r)
        Q = root @ root.T
        solution = sn.lyapunov(A, Q)
        np.testing.assert_allclose(A @ solution.P + solution.P @ A.T, -Q, atol=1e-9)
        assert np.linalg.eigvalsh(solution.P).min() > -1e-9
        assert solution.lower <= np.trace(solution.P) * (1 + 1e-9)
        assert np.trace(solution.P) <= solution.upper * (1 + 1e-9)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    nodes, weights = 40 * (nodes + 1), 40 * weights  # to t = 80, where e^{-0.6 t} is below 1e-20
    integral = sum(p * expm(t * A) @ Q @ expm(t * A).T for t, p in zip(nodes, weights, strict=True))
    np.testing.assert_allclose(integral, solution.P, atol=1e-9 * np.trace(solution.P))
    attained = sn.lyapunov(-0.7 * np.eye(4), Q)
    assert attained.lower == pytest.approx(attained.upper) == pytest.approx(np.trace(attained.P))
    with pytest.raises(ValueError, match="left of the imaginary axis"):
        sn.lyapunov(np.zeros((2, 2)), np.eye(2))
    for wrong in (np.diag([1.0, -1.0]), np.array([[1.0, 0.5], [0.0, 1.0]])):
        with pytest.raises(ValueError, match="Q is symmetric and positive"):
            sn.lyapunov(-np.eye(2), wrong)


@pytest.mark.checks("thm-lna")
def test_the_lyapunov_covariance_is_right_within_its_error(stationary):
    """|N E||Z - h||^2 - tr P| <= the bound. Teeth: a trace wrong by 10 % is detected."""
    network, h, deviation = stationary
    noise = sn.linear_noise(network, h)
    error = sn.linear_noise_error(network, h, alpha=sn.dissipation_rate(network))
    square = network.size * np.sum(deviation**2, axis=1)
    trace = float(np.trace(noise.P))
    assert error.covariance < 0.03 * trace
    assert_mean_at_most(square, trace + error.covariance)
    assert_mean_at_most(-square, -trace + error.covariance)
    for wrong in (0.9, 1.1):
        gap = (square - wrong * trace) * (1 if wrong < 1 else -1)
        assert_rejected(lambda gap=gap: assert_mean_at_most(gap, error.covariance))
    assert np.linalg.norm(deviation.mean(axis=0)) < error.bias + 6 * math.sqrt(trace / 200 / 4000)
    assert_mean_at_most(np.sum(deviation**2, axis=1) ** 2, error.fourth)
    assert_mean_at_most(square, network.size * error.mean_square)
    assert_rejected(lambda: assert_mean_at_most(square, 0.9 * network.size * error.mean_square))


@pytest.mark.checks("thm-lna")
def test_the_error_of_linear_noise_where_it_is_large():
    """One neuron. The covariance is off by a sixth of the bound, the mean by two thirds of it.

    Teeth: a ninth of the bound of the covariance and 0.35 of that of the mean are false.
    """
    network = one_neuron(-2.0, 1.0, 1.0)
    h = zero(network)
    noise = sn.linear_noise(network, h)
    error = sn.linear_noise_error(network, h, alpha=sn.dissipation_rate(network))
    Z = sn.trials(network, np.array([0.0, 8.0]), 200_000, rng=np.random.default_rng(13), h0=h)
    deviation = Z[:, -1, 0] - h[0]
    gap = deviation**2 - noise.P[0, 0]
    assert_mean_at_most(gap, error.covariance)
    assert_mean_at_most(-gap, error.covariance)
    assert_rejected(lambda: assert_mean_at_most(gap, error.covariance / 9))
    sign = np.sign(deviation.mean())
    assert_mean_at_most(sign * deviation, error.bias)
    assert_rejected(lambda: assert_mean_at_most(sign * deviation, 0.35 * error.bias))
    assert_mean_at_most(deviation**4, error.fourth)
    assert_mean_at_most(deviation**3, error.third)
    assert_mean_at_most(-(deviation**3), error.third)
    assert_mean_at_most(deviation**2, error.mean_square)


@pytest.mark.checks("thm-lna")
def test_the_error_of_linear_noise_is_of_order_1_over_n():
    """The same features ten times over change nothing but N: the bound falls by 10, up to 3 %."""
    few = held(1000, gain=1.0)
    many = VectorField(
        *(np.tile(table, (10, 1)) for table in (few.k, few.w)),
        np.full(10_000, 1e-4),
        few.phi,
        few.I,
    )
    alpha, h = sn.dissipation_rate(few), zero(few)
    errors = [sn.linear_noise_error(network, h, alpha=alpha) for network in (few, many)]
    assert errors[0].covariance / errors[1].covariance == pytest.approx(10, rel=0.03)
    assert errors[0].fourth / errors[1].fourth == pytest.approx(100, rel=0.2)


@pytest.mark.checks("thm-lna")
def test_the_radius_from_the_fourth_moment(stationary):
    """Teeth: half of the radius is exceeded too often."""
    network, h, deviation = stationary
    error = sn.linear_noise_error(network, h, alpha=sn.dissipation_rate(network))
    distance = np.linalg.norm(deviation, axis=1)
    assert_bound_with_teeth(distance, error.radius(0.05), 0.05, weakened=0.5)
