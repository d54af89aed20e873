"""The vector fields: against loops, against Taylor, against exact laws; their constants."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest

from fieldlimit.field import (
    Model,
    VectorField,
    absorbing_radius,
    derivative_constants,
    field_error,
    finite_network,
    flow,
    lipschitz_constant,
    network_bias,
    neural_field,
    project,
    restriction_spectra,
    runge_kutta,
    well_posedness,
)
from fieldlimit.kernels import (
    evaluate,
    gaussian_kernel,
    harmonic_multiplicity,
    mexican_hat,
    population_kernel,
    power_law,
    shifted_ring,
    torus_kernel,
    zonal_kernel,
)
from fieldlimit.nonlinearities import ErrorFunction, Exponential, Logistic, ThresholdLinear
from fieldlimit.spaces import GaussianSpace, Sphere, circle, expectation

J = np.array([[2.0, -1.5], [1.0, -0.5]])
MODELS = {
    "torus": Model(torus_kernel(power_law(5, 1.5), 2), Logistic(2.0, 3.0, 0.5)),
    "mexican": Model(mexican_hat(0.4, 0.9, 6.0, 3.0, 1, 15), ErrorFunction(1.0, 2.0, 0.2)),
    "shifted": Model(shifted_ring(-1.0, 6.0, 0.4), Logistic(1.0, 4.0), [0.3, 0.1, 0.0]),
    "gaussian": Model(gaussian_kernel(GaussianSpace(2), 1.5, 10), Logistic(3.0, 2.0)),
    "populations": Model(population_kernel(J, [0.6, 0.4]), Logistic(1.0, 4.0, 0.2), [0.5, -0.1]),
}
every = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def state(model, seed=1, scale=0.7):
    return np.random.default_rng(seed).standard_normal(model.kernel.rank) * scale


@every
def test_a_value_is_the_sum_over_neurons(model):
    network, h = finite_network(model, 17, rng=np.random.default_rng(2)), state(model)
    k, w = model.kernel.k(network.locations), model.kernel.w(network.locations)
    expected = -h + model.I
    for j in range(17):
        expected = expected + w[j] * model.phi(np.array([k[j] @ h]))[0] / 17
    assert np.allclose(network(h), expected, rtol=1e-13, atol=1e-14)  # rounding
    assert np.allclose(network.potentials(h), k @ h, rtol=1e-13, atol=1e-14)
    states = np.stack([h, 2 * h, -h])
    assert np.allclose(network(states), [network(s) for s in states], rtol=1e-13, atol=1e-14)


@every
def test_derivatives_have_taylor_remainders_of_the_right_order(model):
    F, h = neural_field(model), state(model)
    u, v = state(model, 2, 1.0), state(model, 3, 1.0)
    u, v = u / np.linalg.norm(u), v / np.linalg.norm(v)
    steps = 0.004 / 2.0 ** np.arange(6)
    D, D2 = F.derivative(h), F.second_derivative(h, u, u)
    first = [np.linalg.norm(F(h + e * u) - F(h) - e * D @ u) for e in steps]
    second = [np.linalg.norm(F.derivative(h + e * u) @ u - D @ u - e * D2) for e in steps]
    for remainders in (first, second):
        slope = np.polyfit(np.log(steps), np.log(remainders), 1)[0]
        assert abs(slope - 2) < 0.05  # remainder e^2 up to e^3
    assert np.allclose(F.second_derivative(h, u, v), F.second_derivative(h, v, u), atol=1e-14)


@every
def test_a_network_placed_on_the_nodes_is_the_field(model):
    """The two vector fields are one formula: equal weights and equal places give equal values."""
    F = neural_field(model, 64)
    if not np.allclose(F.weights, F.weights[0]):
        F = VectorField(F.k, F.w, np.full(F.size, 1 / F.size), F.phi, F.I, F.locations)
    network = finite_network(model, F.size, rng=np.random.default_rng(0), locations=F.locations)
    h = state(model)
    assert np.allclose(network(h), F(h), rtol=1e-13, atol=1e-14)


@every
def test_the_quadrature_of_the_field_has_converged(model):
    error = field_error(model, state(model), 512 if model.kernel.space.dimension == 1 else 4096)
    # smooth integrands: ten digits; six for the difference of 64 and 32 Gauss-Hermite nodes an axis
    assert error < (1e-6 if isinstance(model.kernel.space, GaussianSpace) else 1e-9)


@pytest.mark.parametrize("d", [3, 8])
def test_the_field_on_a_sphere_is_a_one_dimensional_integral(d):
    """A zonal state: <F(h) + h, k_pole> = E w(t) phi(g(t)) over t = <y, pole>, exact in every d.

    Against quadrature on the sphere itself; d = 8 are Sobol points, with their estimated error.
    """
    values = [0.5, -1.0, 0.6]
    model = Model(zonal_kernel(d, values), Logistic(2.0, 3.0, 0.2))
    pole = np.full((1, d), d**-0.5)
    k_pole = model.kernel.k(pole)[0]
    h = 0.4 * k_pole
    t, p = (a.ravel() for a in _zonal(d))
    legendre = [np.ones_like(t), t, (d * t**2 - 1) / (d - 1)]
    counts = [harmonic_multiplicity(d, degree) for degree in range(3)]
    profile = sum(v * n * P for v, n, P in zip(values, counts, legendre, strict=True))
    state = 0.4 * sum(abs(v) * n * P for v, n, P in zip(values, counts, legendre, strict=True))
    exact = p @ (profile * model.phi(state))
    seen = (neural_field(model)(h) + h) @ k_pole
    kernel = model.kernel
    scalar = expectation(
        kernel.space, lambda y: (kernel.w(y) @ k_pole) * model.phi(kernel.k(y) @ h), 2**14
    )
    assert abs(seen - exact) <= scalar.error + 1e-12 * abs(exact)  # rounding
    assert scalar.error < 0.05 * abs(exact)  # teeth: the two routes could tell 5 % apart


def _zonal(d):
    rule = Sphere(d).zonal_quadrature(100)
    return rule.nodes, rule.weights


@pytest.mark.checks("prop-unbiased")
@pytest.mark.parametrize("m", [0, 1])
def test_networks_are_unbiased_by_enumeration(m):
    """The exact expectation: all 2^5 networks of five neurons, each with its probability."""
    model, h = MODELS["populations"], state(MODELS["populations"])
    F, rng = neural_field(model), np.random.default_rng(0)
    mean = 0.0
    for places in itertools.product([0.0, 1.0], repeat=5):
        x = np.array(places)[:, None]
        network = finite_network(model, 5, rng=rng, locations=x)
        probability = math.prod(0.6 if p == 0 else 0.4 for p in places)
        mean = mean + probability * (network.derivative(h) if m else network(h))
    assert np.allclose(mean, F.derivative(h) if m else F(h), rtol=0, atol=1e-14)


@pytest.mark.checks("prop-unbiased")
@pytest.mark.parametrize("m", [0, 1])
@every
def test_networks_are_unbiased_by_sampling(model, m):
    """2000 networks of 20. Alarm: |z| > 7 in one of at most 121 entries, below 1e-9 if normal.

    Teeth: a sum divided by N - 1 instead of N is a bias of the coupling of 1/19 and is detected (of
    1/2 for the two populations, whose couplings nearly cancel; there enumeration is exact).
    """
    h = state(model)
    bias = network_bias(model, h, 20, 2000, rng=np.random.default_rng(4), m=m)
    allowance = 7 * bias.standard_error + 1e-9  # 1e-9: quadrature of the field
    assert (np.abs(bias.mean) <= allowance).all()
    F = neural_field(model)
    coupling = F.derivative(h) + np.eye(len(h)) if m else F(h) + h - model.I
    weakened = 1 / 2 if model is MODELS["populations"] else 1 / 19
    assert (np.abs(bias.mean + weakened * coupling) > allowance).any()


@pytest.mark.checks("thm-well-posed")
@every
def test_the_lipschitz_constant_is_never_exceeded(model):
    constant = well_posedness(model).lipschitz
    assert constant == lipschitz_constant(model)
    rng = np.random.default_rng(6)
    fields = [neural_field(model), *(finite_network(model, N, rng=rng) for N in (1, 2, 30))]
    for F in fields:
        for scale in (0.01, 0.3, 3.0):
            g, h = rng.standard_normal((2, 50, model.kernel.rank)) * scale
            quotients = np.linalg.norm(F(g) - F(h), axis=1) / np.linalg.norm(g - h, axis=1)
            assert quotients.max() <= constant


@pytest.mark.checks("thm-well-posed")
def test_the_constants_are_attained():
    """One population that inhibits itself: Lipschitz constant and radius are the best possible.

    Teeth: 1 % less of either would be false.
    """
    model = Model(population_kernel([[-3.0]], [1.0]), Logistic(2.0, 5.0), [0.0])
    F = neural_field(model)
    constants = well_posedness(model)
    steepest = np.abs(F.derivative(np.zeros(1)))[0, 0]
    assert steepest == pytest.approx(constants.lipschitz, rel=1e-14)
    assert steepest > 0.99 * constants.lipschitz
    saturated = Model(population_kernel([[3.0]], [1.0]), Logistic(2.0, 50.0), [1.0])
    end = flow(neural_field(saturated), np.array([1.0]), np.array([0.0, 40.0]))[-1]
    assert end - 1 == pytest.approx(absorbing_radius(saturated), rel=1e-6)


@pytest.mark.checks("thm-well-posed")
@every
def test_the_ball_absorbs(model):
    """dist(h(t), I) <= R + e^{-t} dist(h(0), I), from far outside and from within."""
    radius = well_posedness(model).radius
    assert radius == absorbing_radius(model)
    times = np.linspace(0, 5, 26)
    rng = np.random.default_rng(9)
    for F in (neural_field(model), finite_network(model, 10, rng=rng)):
        for scale in (0.1, 1.0, 10.0):
            start = model.I + scale * state(model, 5)
            distance = np.linalg.norm(flow(F, start, times) - model.I, axis=1)
            envelope = radius * (1 - np.exp(-times)) + np.exp(-times) * distance[0]
            assert (distance <= envelope + 1e-7).all()  # the flow's tolerance


@pytest.mark.checks("thm-smooth")
@every
def test_derivative_constants_hold(model):
    rng = np.random.default_rng(12)
    rank = model.kernel.rank
    eye = np.eye(rank)
    for radius in (0.5, 2.0, math.inf):
        constants = [derivative_constants(model, m, radius) for m in (0, 1, 2)]
        for F in (neural_field(model), finite_network(model, 3, rng=rng)):
            h, g = rng.standard_normal((2, rank))
            h, g = (a / np.linalg.norm(a) * min(radius, 2.0) for a in (h, g))
            values = [F(h) + h - model.I, F.derivative(h) + eye, _second(F, h)]
            others = [F(g) + g - model.I, F.derivative(g) + eye, _second(F, g)]
            for value, other, constant in zip(values, others, constants, strict=True):
                assert np.linalg.norm(value) <= constant.bound * (1 + 1e-12)
                gap = np.linalg.norm(value - other)
                assert gap <= constant.lipschitz * np.linalg.norm(h - g) * (1 + 1e-12)


@pytest.mark.checks("thm-smooth")
@pytest.mark.parametrize("m", [0, 1, 2])
def test_derivative_constants_are_attained(m):
    """One population: D^m is the number J phi^(m)(h). Teeth: 1 % less of a bound would be false."""
    model = Model(population_kernel([[-3.0]], [1.0]), Logistic(2.0, 5.0))
    grid = np.linspace(-0.8, 0.8, 20_001)
    values = 3 * model.phi.derivative(grid, m)
    constants = derivative_constants(model, m, 0.8)
    assert np.abs(values).max() == pytest.approx(constants.bound, rel=1e-6)  # grid
    slopes = np.abs(np.diff(values)) / np.diff(grid)
    assert slopes.max() == pytest.approx(constants.lipschitz, rel=1e-4)
    assert slopes.max() <= constants.lipschitz * (1 + 1e-9)  # rounding in a difference


def _second(F, h):
    slopes = F.weights * F.phi.derivative(F.potentials(h), 2)
    return np.einsum("i,ia,ib,ic->abc", slopes, F.w, F.k, F.k)


@pytest.mark.checks("prop-restriction")
@pytest.mark.parametrize("N", [1, 2, 7, 30])
@every
def test_spectra_agree_off_minus_one(model, N):
    network = finite_network(model, N, rng=np.random.default_rng(N))
    spectra = restriction_spectra(network, state(model))
    # rounding, through the ill-conditioning of multiple eigenvalues near -1: e^(1/2)
    assert spectra.distance < 1e-6
    rank = model.kernel.rank
    assert (np.abs(spectra.field + 1) < 1e-5).sum() >= max(rank, N) - min(rank, N)
    if rank > N:  # -1 belongs to the spectrum of DF_N
        eigenvalues = np.linalg.eigvals(network.derivative(state(model)))
        assert (np.abs(eigenvalues + 1) < 1e-5).sum() >= rank - N
    # teeth: the distance bounds the gap of the traces, so a coupling wrong by 1 % would be seen
    trace = np.trace(network.derivative(state(model))) + rank
    assert abs(0.01 * trace) > 1e-6 * max(rank, N)


@pytest.mark.checks("prop-restriction")
@every
def test_potentials_solve_the_equations_of_the_neurons(model):
    """dh_i/dt = -h_i + I(x_i) + (1/N) sum_j w(x_i, x_j) phi(h_j), N x N, integrated by itself."""
    network = finite_network(model, 12, rng=np.random.default_rng(3))
    W = evaluate(model.kernel, network.locations, network.locations)
    drive = network.potentials(model.I)
    h0, times = state(model), np.linspace(0, 4, 9)

    def neurons(p):
        return -p + drive + W @ model.phi(p) / 12

    separate = flow(neurons, network.potentials(h0), times)
    assert np.allclose(network.potentials(flow(network, h0, times)), separate, rtol=0, atol=1e-6)


@pytest.mark.checks("prop-restriction")
def test_the_span_of_the_projective_features_attracts_at_rate_one():
    model = MODELS["torus"]
    network = finite_network(model, 4, rng=np.random.default_rng(3))
    basis = np.linalg.svd(network.w, full_matrices=True)[2][4:]  # the complement of the span
    times = np.linspace(0, 6, 7)
    outside = (flow(network, state(model), times) - model.I) @ basis.T
    assert np.allclose(outside, np.exp(-times)[:, None] * outside[0], rtol=0, atol=1e-8)


def test_flow_is_exact_on_a_linear_field_and_a_semigroup():
    A = np.array([[-1.0, 2.0], [-2.0, -0.5]])
    rates, vectors = np.linalg.eig(A)
    h0, times = np.array([1.0, -0.3]), np.linspace(0, 5, 11)
    coefficients = np.linalg.solve(vectors, h0)
    exact = np.einsum("an,nt,n->ta", vectors, np.exp(np.outer(rates, times)), coefficients).real
    path = flow(lambda h: A @ h, h0, times)
    assert np.abs(path - exact).max() < 1e-7  # tolerances 1e-8 a step, some tens of steps
    later = flow(lambda h: A @ h, path[4], times[4:])
    assert np.abs(later - path[4:]).max() < 1e-7
    assert np.array_equal(flow(lambda h: A @ h, h0, [0.0]), [h0])


def test_runge_kutta_is_of_order_four_on_many_trajectories_at_once():
    """Halving the step divides the error by 2^4, the exponent to 0.05; each row goes its own way."""
    F, starts = neural_field(MODELS["torus"]), np.random.default_rng(2).standard_normal((3, 11))
    exact = np.array([flow(F, h, [0.0, 2.0], rtol=1e-12, atol=1e-14)[-1] for h in starts])
    coarse, fine = (
        np.linalg.norm(runge_kutta(F, starts, 2.0 / n, n)[-1] - exact) for n in (40, 80)
    )
    assert math.log2(coarse / fine) == pytest.approx(4.0, abs=0.05)
    paths = runge_kutta(F, starts, 0.25, 8)
    assert paths.shape == (9, 3, 11) and np.array_equal(paths[0], starts)
    alone = runge_kutta(F, starts[1], 0.25, 8)
    np.testing.assert_allclose(paths[:, 1], alone, rtol=0, atol=1e-14)  # rounding


def test_flow_meets_smaller_tolerances():
    F, h0 = neural_field(MODELS["mexican"]), state(MODELS["mexican"])
    fine = flow(F, h0, [0.0, 3.0], rtol=1e-12, atol=1e-14)[-1]
    errors = [
        np.abs(flow(F, h0, [0.0, 3.0], rtol=r, atol=r)[-1] - fine).max() for r in (1e-4, 1e-9)
    ]
    assert errors[1] < 1e-7  # some tens of steps at 1e-9
    assert errors[1] < errors[0] < 1e-2


def test_project_finds_states_and_tells_what_no_state_shows():
    kernel, h = MODELS["torus"].kernel, state(MODELS["torus"])
    found = project(kernel, lambda x: kernel.k(x) @ h)
    assert np.allclose(found.coordinates, h, rtol=0, atol=1e-12)
    assert found.error < 1e-13
    ring = shifted_ring(1.0, 2.0, 0.3)
    rest = project(ring, lambda x: 2 * np.cos(x[:, 0]) + np.sin(3 * x[:, 0]))
    assert rest.error == pytest.approx(math.sqrt(0.5), rel=1e-12)  # the norm of sin 3x
    missing = project(shifted_ring(0.0, 2.0, 0.3), lambda x: 1 + np.cos(x[:, 0]))
    assert missing.coordinates[0] == 0  # of all minimisers the shortest
    assert missing.error == pytest.approx(1.0, rel=1e-12)


def test_many_neurons_evaluate_without_a_square_matrix():
    """Value and derivative of 2e5 neurons at r = 15 in the memory of six arrays (N, r); (N, N) is 320 GB."""
    model = Model(torus_kernel(power_law(7, 1.5), 3), Logistic())
    network = finite_network(model, 200_000, rng=np.random.default_rng(0))
    tracemalloc.start()
    network(state(model))
    network.derivative(state(model))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * network.k.nbytes


def test_the_network_is_the_same_for_the_same_generator():
    model = MODELS["torus"]
    first, second = (finite_network(model, 9, rng=np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first.locations, second.locations)
    assert first.quadrature is None
    assert len(neural_field(model).quadrature) == 4096


R = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda m: Model(m.kernel, m.phi, [1.0]), r"I has shape \(11\), but"),
        (lambda m: Model(m.kernel, m.phi, [math.nan] * 11), "I has finite entries"),
        (lambda m: finite_network(m, 0, rng=R), "N is an integer >= 1, but N = 0"),
        (lambda m: finite_network(m, 2.5, rng=R), "N = 2.5"),
        (lambda m: finite_network(m, math.inf, rng=R), "N = inf"),
        (lambda m: finite_network(m, 2, rng=R, locations=[[0.0, 0.0]]), "locations has shape"),
        (lambda m: finite_network(m, 1, rng=R, locations=[[0.0, 7.0]]), r"\[-pi, pi\)"),
        (lambda m: neural_field(m, 0), "n = 0"),
        (lambda m: neural_field(m)(np.zeros(3)), r"a state has shape \(11,\), but its shape"),
        (lambda m: neural_field(m)(np.full(11, math.inf)), "finite coordinates"),
        (lambda m: neural_field(m).derivative(np.zeros((2, 11))), "shape"),
        (lambda m: flow(neural_field(m), np.zeros(11), [0.0, 0.0]), "increase strictly"),
        (lambda m: flow(neural_field(m), np.zeros((1, 11)), [0.0, 1.0]), "vectors"),
        (lambda m: derivative_constants(m, -1), "m = -1"),
        (lambda m: derivative_constants(m, 1, -1.0), "radius = -1.0"),
        (lambda m: network_bias(m, np.zeros(11), 5, 1, rng=R), "copies = 1"),
        (lambda m: network_bias(m, np.zeros(11), 5, 9, rng=R, m=2), "m = 2"),
        (lambda m: restriction_spectra(neural_field(m), np.zeros(11)), "N = 4096"),
        (lambda m: project(m.kernel, lambda x: x), r"f\(x\) has shape"),
    ],
)
def test_hypotheses_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make(MODELS["torus"])


def test_theorems_refuse_a_nonlinearity_that_lacks_their_hypothesis():
    kernel = torus_kernel([1.0, 0.5], 1)
    kinked, unbounded = Model(kernel, ThresholdLinear()), Model(kernel, Exponential())
    assert lipschitz_constant(kinked) == 1 + kernel.kappa**2
    for call, message in [
        (lambda: absorbing_radius(kinked), r"phi\^\(0\) is bounded"),
        (lambda: well_posedness(kinked), r"phi\^\(0\) is bounded"),
        (lambda: lipschitz_constant(unbounded), r"phi\^\(1\) is bounded"),
        (lambda: derivative_constants(kinked, 1), r"C\^2, but ThresholdLinear"),
        (lambda: derivative_constants(unbounded, 0), "bounded"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    assert derivative_constants(unbounded, 1, 0.5).bound < 10  # in a ball it is covered
    with pytest.raises(ValueError, match="kink"):
        neural_field(kinked).second_derivative(np.zeros(3), np.ones(3), np.ones(3))


def test_a_flow_that_leaves_every_ball_is_reported():
    with pytest.raises((RuntimeError, ValueError)):
        flow(lambda h: h**2, np.ones(1), [0.0, 2.0])


def test_circle_is_the_space_of_the_ring():
    assert MODELS["shifted"].kernel.space == circle()
