"""Weights, contraction rates, paths and cycles of chapter 12: identities, limits, and teeth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibrated import assert_bound_with_teeth, assert_mean, assert_rejected
from fieldlimit import long_times as lt
from fieldlimit.concentration import fluctuation
from fieldlimit.explorables import rhythm
from fieldlimit.field import Model, finite_network, flow, neural_field
from fieldlimit.fixed_points import fixed_points
from fieldlimit.kernels import moments, population_kernel, shifted_ring, torus_kernel
from fieldlimit.nonlinearities import Logistic

ROUNDING = 1e-8  # relative, of a few hundred operations on matrices of condition up to 1e4


def stable_matrix(rng, r):
    """A matrix with spectral abscissa between -0.1 and -1, as a rule far from normal."""
    T = rng.standard_normal((r, r))
    return T - (lt.spectral_abscissa(T) + rng.uniform(0.1, 1.0)) * np.eye(r)


def circuit(gain=1.0):
    """Excitation and inhibition, coupled so that Lambda > 1 and yet every trajectory converges."""
    return Model(
        population_kernel(np.array([[4.0, -4.0], [2.0, -1.0]]), np.array([0.8, 0.2])),
        Logistic(gain=gain),
        np.array([-1.2, -1.0]),
    )


@pytest.mark.checks("prop-log-norm")
@pytest.mark.parametrize("seed", range(6))
def test_log_norm_bounds_the_semigroup_and_no_lesser_one_does(seed):
    from scipy.linalg import expm

    rng = np.random.default_rng([12, seed])
    A = stable_matrix(rng, 4)
    gap = -lt.spectral_abscissa(A)
    for weight in lt.weights_of(A):
        mu = lt.log_norm(A, weight)
        assert mu >= -gap * (1 + ROUNDING)

        def grown(t, weight=weight):
            return np.linalg.norm(weight.S @ expm(t * A) @ weight.inverse, 2)

        assert all(grown(t) <= np.exp(t * mu) * (1 + ROUNDING) for t in (0.01, 0.3, 2.0, 20.0))
        # d/dt of the norm at 0 is mu: a mu lower by 1e-3 fails at a short time
        assert_rejected(lambda mu=mu, grown=grown: check(grown(1e-6) <= np.exp(1e-6 * (mu - 1e-3))))
        assert weight.norm(np.eye(4)).min() >= 1 - ROUNDING  # ||h|| <= ||h||_P
    for share in (0.5, 0.9, 0.99):
        assert lt.log_norm(A, lt.lyapunov_weight(A, share * gap)) < -share * gap
    assert lt.log_norm(A, lt.eigenvector_weight(A)) == pytest.approx(-gap, rel=1e-6)


def check(claim):
    assert claim


def test_a_weighted_model_is_the_same_model():
    model, rng = circuit(), np.random.default_rng(3)
    weight = lt.lyapunov_weight(stable_matrix(rng, 2), 0.05)
    seen, h = lt.weighted(model, weight), rng.standard_normal(2)
    field, same = neural_field(model), neural_field(seen)
    g = weight.S @ h
    np.testing.assert_allclose(same.potentials(g), field.potentials(h), rtol=1e-10)
    np.testing.assert_allclose(same(g), weight.S @ field(h), rtol=1e-10, atol=1e-12)
    assert weight.norm(h) == pytest.approx(np.linalg.norm(g))
    assert seen.kernel.omega == pytest.approx(weight.norm(same.w @ weight.inverse.T).max())


@pytest.mark.parametrize(
    "model",
    [
        circuit(),
        Model(torus_kernel(np.array([0.4, -0.9, 0.3]), 1), Logistic(1.0, 2.0, 0.3)),
        Model(shifted_ring(0.2, 0.8, 0.9), Logistic(1.0, 1.5)),
    ],
    ids=["circuit", "torus", "ring"],
)
@pytest.mark.checks("thm-rate", "prop-circle")
def test_the_rate_is_one_for_all_states_and_all_networks(model):
    """Symmetric parts of derivatives at random states, of the field and of networks; and the circle."""
    rng = np.random.default_rng(4)
    field, r = neural_field(model), model.kernel.rank
    for weight in (lt.plain_weight(r), lt.circle_weight(model)):
        rate = lt.contraction_rate(model, weight)
        assert rate.alpha <= 1 - rate.slope * lt.circle_number(model) * (
            1 - 1e-4
        )  # its grid's error
        for _ in range(20):
            h = 3 * rng.standard_normal(r)
            assert lt.log_norm(field.derivative(h), weight) <= -rate.alpha + 1e-9
            network = finite_network(model, int(rng.integers(1, 30)), rng=rng)
            assert lt.log_norm(network.derivative(h), weight) <= -rate.every + 1e-9
    best = lt.contraction_rate(model, lt.circle_weight(model))
    target = 1 - best.slope * lt.circle_number(model)
    assert best.alpha == pytest.approx(target, abs=0.02 * (1 - target))


@pytest.mark.checks("prop-circle")
@pytest.mark.parametrize("seed", range(4))
def test_no_weight_beats_the_circle_and_one_attains_it(seed):
    """Random circuits: the numerical range by brute force, random weights above it, one weight on it."""
    rng = np.random.default_rng([13, seed])
    size = int(rng.integers(2, 5))
    shares, J = rng.dirichlet(3 * np.ones(size)), 3 * rng.standard_normal((size, size))
    model = Model(population_kernel(J, shares), Logistic(1.0, 4.0))
    f = rng.standard_normal((20_000, size)) + 1j * rng.standard_normal((20_000, size))
    f /= np.linalg.norm(f, axis=1)[:, None]
    root = np.sqrt(shares)
    z = np.sum(f.conj() * (f @ (root[:, None] * J * root).T), axis=1)
    number, seen = lt.circle_number(model), (z.real + np.abs(z)).max() / 2
    assert 0.9 * number < seen <= number * (1 + ROUNDING)  # 20,000 directions of at most eight
    for _ in range(20):
        A = rng.standard_normal((size, size))
        weight = lt.Weight(np.exp(rng.normal()) * A @ A.T + 1e-3 * np.eye(size))
        assert lt.contraction_rate(model, weight).top >= number * (1 - ROUNDING)
    assert lt.contraction_rate(model, lt.circle_weight(model)).top <= 1.011 * number


def test_weights_where_the_circle_number_is_zero():
    """Symmetric inhibition of populations, and no coupling at all: the rate is nearly 1."""
    for J in (np.diag([-2.0, -1.0]), np.zeros((2, 2))):
        model = Model(population_kernel(J, np.array([0.5, 0.5])), Logistic(1.0, 4.0))
        assert lt.circle_number(model) == pytest.approx(0.0, abs=1e-12)
        assert lt.contraction_rate(model, lt.circle_weight(model)).alpha > 0.999


def test_the_rate_is_attained_and_inhibition_is_free():
    """A symmetric kernel with slopes phi_1 at h = threshold: log-norm -1 + phi_1 lambda, exactly."""
    kernel = torus_kernel(np.array([0.0, -3.0, 0.6]), 1)
    model = Model(kernel, Logistic(1.0, 4.0))  # phi_1 = 1, attained at h = 0
    rate = lt.contraction_rate(model)
    derivative = neural_field(model).derivative(np.zeros(kernel.rank))
    assert lt.log_norm(derivative) == pytest.approx(-rate.alpha, abs=1e-9)
    largest = np.linalg.eigvalsh(kernel.V * kernel.singular_values)[-1]
    assert rate.alpha == pytest.approx(1 - largest, abs=1e-9)
    assert lt.contraction_rate(
        Model(torus_kernel(np.array([-3.0]), 1), Logistic(1.0, 4.0))
    ).alpha == pytest.approx(1.0, abs=1e-9)


@pytest.mark.checks("thm-rate")
def test_the_rate_of_a_network_holds_with_probability():
    """||int g (x) g drho_N|| in 4000 networks. False-alarm rate 1e-9; half the deviation fails."""
    model, N, delta = circuit(), 200, 0.1
    weight = lt.circle_weight(model)
    rate = lt.contraction_rate(model, weight)
    field = neural_field(model)
    g = (field.k @ weight.inverse + field.w @ weight.S.T) / 2
    shares = np.random.default_rng(5).multinomial(N, [0.8, 0.2], size=4000) / N
    tops = np.linalg.eigvalsh(np.einsum("np,pi,pj->nij", shares, g, g))[:, -1]
    allowed = (1 - rate.network(N, delta)) / rate.slope - rate.top
    assert_bound_with_teeth(tops - rate.top, allowed, delta, weakened=0.5)


@pytest.mark.checks("thm-contraction")
def test_contraction_bounds_the_error_at_all_times():
    """Both versions for 30 networks with the deviation measured; 0.9 of the bound fails somewhere."""
    model, rng = circuit(), np.random.default_rng(6)
    weight = lt.circle_weight(model)
    field, times = neural_field(model), np.linspace(0.0, 25.0, 251)
    alpha = lt.contraction_rate(model, weight).alpha
    ratios = []
    for _ in range(30):
        start = 2 * rng.standard_normal((2, 2))
        network = replace(field, weights=rng.multinomial(100, [0.8, 0.2]) / 100, quadrature=None)
        h, g = (flow(F, s, times) for F, s in ((field, start[0]), (network, start[1])))
        distance = weight.norm(g - h)
        deviation = weight.norm(network(g) - field(g)).max()
        bound = lt.contraction_error(times, alpha, start=distance[0], deviation=deviation)
        assert (distance <= bound * (1 + 1e-4)).all()  # deviation is seen at 251 times only
        ratios.append((distance / bound)[1:].max())
        own = 1 - 0.25 * top_of(network, weight)
        along = weight.norm(network(h) - field(h)).max()
        bound = lt.contraction_error(times, own, start=distance[0], deviation=along)
        assert (distance <= bound * (1 + 1e-4)).all()
    assert max(ratios) > 0.9  # so that 0.9 of the bound would be violated


def top_of(network, weight):
    g = (network.k @ weight.inverse + network.w @ weight.S.T) / 2
    return np.linalg.eigvalsh(g.T @ (network.weights[:, None] * g))[-1]


@pytest.mark.checks("thm-contraction")
def test_the_mean_error_needs_no_supremum():
    """Part 3: the root mean square over 200 networks against the integral of sqrt(s_1).

    The bound is some three times the truth here, and the sampling error of the truth 5 %: no false
    alarm. A bound wrong by a factor eight is detected.
    """
    model, N = Model(torus_kernel(np.array([-2.0, 0.3, 0.1]), 1), Logistic(1.0, 4.0)), 100
    rng = np.random.default_rng(12)
    alpha, field = lt.contraction_rate(model).every, neural_field(model)
    assert alpha > 0.1
    times = np.linspace(0.0, 6.0, 25)
    h = flow(field, 0.5 * np.ones(5), times)
    spread = np.sqrt([fluctuation(model, state).trace for state in h])
    bound = np.trapezoid(np.exp(-alpha * (times[-1] - times)) * spread, times) / np.sqrt(N)
    ends = [
        flow(finite_network(model, N, rng=rng), h[0], times[[0, -1]], rtol=1e-5)[-1]
        for _ in range(200)
    ]
    seen = np.sqrt(np.mean(np.sum((np.array(ends) - h[-1]) ** 2, axis=1)))
    assert bound / 8 < seen <= bound


def test_contraction_is_attained_by_a_straight_line():
    """A constant deviation in the slowest direction: w = k on one point, phi nearly linear there."""
    model = Model(population_kernel(np.array([[0.5]]), np.array([1.0])), Logistic(1.0, 4.0))
    field = neural_field(model)
    weight, times = lt.plain_weight(1), np.linspace(0.0, 10.0, 11)
    centre = field.weights[0] * 0.25  # phi = 1/2 at h = 0
    pushed = replace(field, I=np.array([-centre + 1e-4]))
    rest = replace(field, I=np.array([-centre]))
    moved = flow(pushed, np.zeros(1), times) - flow(rest, np.zeros(1), times)
    alpha = lt.contraction_rate(model, lt.circle_weight(model)).alpha
    bound = lt.contraction_error(times, alpha, start=0.0, deviation=1e-4)
    np.testing.assert_allclose(weight.norm(moved)[1:] / bound[1:], 1.0, atol=0.02)  # circle's slack
    assert lt.contraction_error(np.array([2.0]), 0.0, start=1.0, deviation=3.0)[0] == 7.0


@pytest.mark.checks("prop-path")
def test_the_deviation_along_a_path():
    """sup over a trajectory in 3000 networks. False-alarm rate 1e-9; half the bound fails."""
    model, N, delta = circuit(2.5), 300, 0.05
    field = neural_field(model)
    end = fixed_points(field, rng=np.random.default_rng(1)).stable[0].h
    start = end + np.array([0.2, 0.1])
    constants = lt.attractor_constants(model, end, start=start, weight=lt.plain_weight(2))
    path = constants.path
    h = flow(field, start, np.linspace(0.0, 25.0, 401))
    rng = np.random.default_rng(8)
    shift = rng.multinomial(N, [0.8, 0.2], size=3000) / N - field.weights
    deviations = np.einsum("np,tp,pr->ntr", shift, field.phi(field.potentials(h)), field.w)
    sup = np.linalg.norm(deviations, axis=2).max(axis=1)
    assert_bound_with_teeth(sup, lt.path_deviation(path, N, delta), delta, weakened=0.5)
    assert sup.mean() <= path.mean(N) * 1.02  # three standard errors of the mean of 3000
    assert sup.mean() > 0.6 * path.mean(N)  # the mean bound is no wild guess


@pytest.mark.checks("prop-path")
def test_the_deviation_along_a_path_of_growing_variance():
    """A start below the active state, where the variance is smaller: sup over 3000 networks.

    False-alarm rate 1e-9 at the quantile; the mean of the supremum within three standard errors.
    """
    model, N, delta = circuit(2.5), 300, 0.05
    field = neural_field(model)
    end = fixed_points(field, rng=np.random.default_rng(1)).stable[-1].h
    start = end - np.array([0.25, 0.25])
    path = lt.attractor_constants(model, end, start=start, weight=lt.plain_weight(2)).path
    assert path.begin.trace < path.end.trace
    h = flow(field, start, np.linspace(0.0, 25.0, 401))
    shift = np.random.default_rng(9).multinomial(N, [0.8, 0.2], size=3000) / N - field.weights
    deviations = np.einsum("np,tp,pr->ntr", shift, field.phi(field.potentials(h)), field.w)
    sup = np.linalg.norm(deviations, axis=2).max(axis=1)
    assert_bound_with_teeth(sup, lt.path_deviation(path, N, delta), delta, weakened=0.4)
    assert 0.6 * path.mean(N) < sup.mean() <= path.mean(N) * 1.03
    assert path.length < np.sqrt(path.end.trace) + 0.55 * path.change  # half of the way is saved


def test_a_path_that_stands_still_costs_nothing():
    model = circuit(2.5)
    end = fixed_points(neural_field(model), rng=np.random.default_rng(1)).stable[0].h
    still = lt.attractor_constants(model, end, start=end + 1e-7)
    gone = lt.attractor_constants(model, end)
    assert gone.path is None and still.path is not None
    assert still.path.length == pytest.approx(np.sqrt(gone.field.trace), rel=1e-4)


@pytest.mark.checks("thm-cycle")
def test_the_period_of_a_network():
    """300 networks of 100,000: mean and variance of the period. False-alarm rate 1e-9.

    The periods come from trajectories and their passages, the law from the adjoint: two routes. The
    law is asymptotic: 10 % of its variance is left for what is of higher order in 1/N, and 30 % of it
    for the bias. A tau wrong by 50 % is detected.
    """
    from scipy.stats import chi2

    model, N, networks = rhythm.oscillator(1.0), 100_000, 300
    cycle = lt.attracting_cycle(neural_field(model), np.array([1.0, 0.0]))
    law = lt.period_law(model, cycle)
    weights = np.random.default_rng(9).multinomial(N, [0.8, 0.2], size=networks) / N
    periods = rhythm.periods(model, weights, cycle.states[0])
    moved = np.sqrt(N) * (periods - law.period)
    assert_mean(moved, 0.0, variance=(1.1 + 0.3) * law.deviation**2)

    def agrees(deviation):
        ratio = np.sum(moved**2) / deviation**2
        low, high = chi2.ppf([0.5e-9, 1 - 0.5e-9], networks)
        assert 0.9 * low <= ratio <= 1.1 * high

    agrees(law.deviation)
    assert_rejected(lambda: agrees(1.5 * law.deviation))
    assert_rejected(lambda: agrees(law.deviation / 1.5))


@pytest.mark.checks("thm-cycle")
def test_cycle_and_period_move_in_proportion():
    """A share moved by e from one population to the other: |T_N - T| = e sigma_T/sqrt(p q) + O(e^2).

    The distance of the cycles is of the first order as well, and all multipliers but 1 stay inside.
    """
    field, model = neural_field(rhythm.oscillator(1.0)), rhythm.oscillator(1.0)
    cycle = lt.attracting_cycle(field, np.array([1.0, 0.0]))
    slope = lt.period_law(model, cycle).deviation / np.sqrt(0.8 * 0.2)
    moved, apart = [], []
    for e in (1e-3, 1e-4):
        network = replace(field, weights=field.weights + np.array([e, -e]), quadrature=None)
        other = lt.limit_cycle(network, cycle.states[0], cycle.period)
        assert other.stable
        moved.append(abs(other.period - cycle.period) / e)
        apart.append(np.linalg.norm(other.states - cycle.states, axis=1).max() / e)
    assert moved[1] == pytest.approx(slope, rel=0.01)
    assert abs(moved[0] / slope - 1) == pytest.approx(10 * abs(moved[1] / slope - 1), rel=0.2)
    assert apart[0] == pytest.approx(apart[1], rel=0.1)


def test_a_cycle_is_closed_and_its_adjoint_periodic():
    field = neural_field(rhythm.oscillator(1.0))
    cycle = lt.attracting_cycle(field, np.array([1.0, 0.0]))
    np.testing.assert_allclose(cycle.states[0], cycle.states[-1], atol=1e-7)
    np.testing.assert_allclose(cycle.adjoint[0], cycle.adjoint[-1], rtol=1e-5)
    along = (cycle.adjoint * field(cycle.states)).sum(axis=1)
    np.testing.assert_allclose(along, 1.0, rtol=1e-6)  # rtol of the integrator, 200 pieces
    trace = [np.trace(field.derivative(h)) for h in cycle.states[:-1]]
    liouville = np.exp(np.mean(trace) * cycle.period)  # the trapezium rule on a periodic function
    assert np.prod(cycle.multipliers).real == pytest.approx(liouville, rel=1e-5)
    assert cycle.stable and cycle.gap > 0.5
    with pytest.raises(ValueError, match="the trajectory oscillates"):
        lt.attracting_cycle(neural_field(circuit()), np.ones(2), wait=10.0)


def test_errors_name_the_requirement():
    with pytest.raises(ValueError, match="P is positive definite"):
        lt.Weight(-np.eye(2))
    with pytest.raises(ValueError, match="P is symmetric"):
        lt.Weight(np.array([[1.0, 1.0], [0.0, 1.0]]))
    with pytest.raises(ValueError, match="alpha is below the spectral gap 1"):
        lt.lyapunov_weight(-np.eye(2), 1.0)
    with pytest.raises(ValueError, match="a basis of eigenvectors"):
        lt.eigenvector_weight(np.array([[-1.0, 1.0], [0.0, -1.0]]))
    model = circuit(2.5)
    points = fixed_points(neural_field(model), rng=np.random.default_rng(1)).points
    saddle = next(point for point in points if not point.stable)
    with pytest.raises(ValueError, match="h is stable"):
        lt.attractor_constants(model, saddle.h)
    with pytest.raises(ValueError, match="is closer than 2 alpha/La"):
        lt.attractor_constants(model, points[0].h, start=points[0].h + 5.0)
    assert moments(model.kernel).error == 0.0
