"""The Taylor defects behind prop-why-not-l2, against brute force on a grid of L2."""

import numpy as np
import pytest

from fieldlimit import l2
from fieldlimit.field import Model, derivative_constants, neural_field
from fieldlimit.kernels import cosine_ring, population_kernel, shifted_ring, torus_kernel
from fieldlimit.nonlinearities import ErrorFunction, Exponential, Logistic, ThresholdLinear

PHI = Logistic(rate=4.0, gain=2.0, threshold=0.3)
MODEL = Model(shifted_ring(-0.5, 2.0, 0.4), PHI)
STATE = np.array([-1.0, 1.2, 0.3])


def on_grid(model, h, n=2**14):
    """F, DF and D2F on L2 of n equispaced points, by plain sums of w(x, y): functions are arrays (n,)."""
    x = (2 * np.pi * (np.arange(n) + 0.5) / n - np.pi)[:, None]
    k, w, phi = model.kernel.k(x), model.kernel.w(x), model.phi

    def integrate(g):  # int w(., y) g(y) rho(dy)
        return k @ (w.T @ g) / n

    def norm(f):
        return np.sqrt(np.mean(f**2))

    def remainder(u):
        s = k @ h
        new = -(s + u) + integrate(phi(s + u))
        old = -s + integrate(phi(s))
        first = -u + integrate(phi.derivative(s, 1) * u)
        return new - old - first - integrate(phi.derivative(s, 2) * u * u) / 2

    return x, norm, remainder


def test_norms_are_those_of_square_integrable_functions():
    x, norm, _ = on_grid(MODEL, STATE, 512)
    f = np.array([0.3, -1.0, 2.0])
    # rounding: equispaced nodes integrate trigonometric polynomials exactly
    assert l2.l2_norms(MODEL.kernel, f) == pytest.approx(norm(MODEL.kernel.k(x) @ f), rel=1e-12)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("phi", [PHI, ErrorFunction(rate=2.0, gain=3.0, threshold=-0.2)])
def test_the_largest_defect_is_the_supremum_over_heights(phi, order):
    s = np.linspace(-2, 2, 9)
    largest = l2.largest_taylor_defect(phi, s, order)
    c = np.concatenate([-np.geomspace(1e-2, 1e3, 20_001), np.geomspace(1e-2, 1e3, 20_001)])
    tried = l2.taylor_defect(phi, s[:, None], c, order).max(axis=1)
    assert np.all(tried <= largest * (1 + 1e-12))  # rounding
    # steps of 6e-4 in log c err by their square at an interior maximum; 1e-3: c <= 1000 where the limit is infinity
    np.testing.assert_allclose(tried, largest, rtol=2e-3)
    limit = np.abs(phi.derivative(s, order)) / order
    assert np.all(largest >= limit) and np.all(largest <= 2 * phi.sup(order) / order)
    assert np.all(largest > 0)


def test_the_defect_of_the_logistic_at_its_threshold_in_closed_form():
    # phi(c) - 1/2 - c/4 = (tanh t - t)/2 with t = c/2, so psi_2 = (t - tanh t) / (8 t^2)
    t = np.linspace(0.1, 10, 100_001)
    closed = np.max((t - np.tanh(t)) / (8 * t**2))
    assert l2.largest_taylor_defect(Logistic(), 0.0, 2) == pytest.approx(
        closed, rel=1e-8
    )  # grid step 1e-4, squared


@pytest.mark.parametrize("s", [3.0, 200.0, -50.0])
def test_the_defect_far_from_a_steep_threshold_is_that_of_a_step(s):
    """Gain 1000: a jump at 0, seen from s as 1/|s|^m up to the jump's width 1e-2."""
    for order in (1, 2):
        largest = float(l2.largest_taylor_defect(Logistic(gain=1000.0), s, order))
        assert largest == pytest.approx(abs(s) ** -order, rel=0.03 / abs(s))


@pytest.mark.checks("prop-why-not-l2")
def test_shrinking_bumps_reach_the_constant_and_nothing_exceeds_it():
    x, norm, remainder = on_grid(MODEL, STATE)
    constant = l2.second_order_defect(MODEL, STATE, x[::8])
    heights = np.concatenate([-np.geomspace(0.3, 30, 60), np.geomspace(0.3, 30, 60)])
    defects = np.array([l2.bump_defect(MODEL, STATE, x[::64], c) for c in heights])
    i, j = np.unravel_index(defects.argmax(), defects.shape)
    ratios = []
    for width in (2048, 256, 32, 4):  # cells of the grid, of measure 2^-14 each
        cells = (64 * j + np.arange(width) - width // 2) % len(x)
        u = np.zeros(len(x))
        u[cells] = heights[i]
        ratios.append(norm(remainder(u)) / norm(u) ** 2)
        # the same integral over the same arc, in coordinates
        assert l2.bump_remainder(MODEL, STATE, x[cells], heights[i]) == pytest.approx(
            ratios[-1], rel=1e-8
        )
    assert np.all(np.diff(ratios) > 0)
    # 1 %: heights by steps of 8 %, places by 0.025, both errors quadratic near the maximum
    assert 0.99 * constant < ratios[-1] <= constant * (1 + 1e-6)
    # the other half: no direction does better, bump or not. Teeth: 0.99 of the constant has just been exceeded
    rng = np.random.default_rng(0)
    for _ in range(20):
        u = rng.standard_normal(len(x)) * rng.exponential(3.0) * (rng.random(len(x)) < rng.random())
        assert norm(remainder(u)) <= constant * norm(u) ** 2 * (
            1 + 1e-3
        )  # 1e-3: constant seen on an eighth of the grid


@pytest.mark.checks("prop-why-not-l2")
def test_the_superposition_operator_is_nowhere_differentiable():
    """Part (b): the ratio of first order never exceeds ess sup S_1, and bumps of any width reach it."""
    x, norm, _ = on_grid(MODEL, STATE)
    s = MODEL.kernel.k(x) @ STATE

    def ratio(u):
        return norm(PHI(s + u) - PHI(s) - PHI.derivative(s, 1) * u) / norm(u)

    largest = l2.largest_taylor_defect(PHI, s[::8], 1)
    constant, place = largest.max(), 8 * largest.argmax()
    heights = np.concatenate([-np.geomspace(0.1, 100, 400), np.geomspace(0.1, 100, 400)])
    height = heights[l2.taylor_defect(PHI, s[place], heights, 1).argmax()]
    for width in (1, 4, 16):
        u = np.zeros(len(x))
        u[place : place + width] = height
        # 1 %: heights by steps of 3.5 %, and s over 16 cells of 4e-4
        assert 0.99 * constant < ratio(u) <= constant * (1 + 1e-6)
    rng = np.random.default_rng(2)
    for _ in range(20):
        u = rng.standard_normal(len(x)) * rng.exponential(3.0) * (rng.random(len(x)) < rng.random())
        assert ratio(u) <= constant * (1 + 1e-3)  # the constant is seen on an eighth of the grid


@pytest.mark.checks("prop-why-not-l2")
def test_the_first_derivative_exists_on_l2_and_its_remainder_is_of_second_order():
    x, norm, remainder = on_grid(MODEL, STATE)
    k, w = MODEL.kernel.k(x), MODEL.kernel.w(x)
    omega_2 = l2.l2_norms(MODEL.kernel, w).max()
    for width in (4, 64, 1024):
        u = np.zeros(len(x))
        u[:width] = 5.0
        curvature = k @ (w.T @ (PHI.derivative(k @ STATE, 2) * u * u)) / len(x) / 2
        assert norm(remainder(u) + curvature) <= omega_2 * PHI.sup(2) * norm(u) ** 2 / 2


def test_nothing_but_the_norm_of_w_enters_and_the_state_by_its_potentials():
    nodes = MODEL.kernel.space.quadrature(64).nodes
    straight = Model(cosine_ring(-0.5, 2.0), PHI)
    turned = np.array([STATE[0], -STATE[2], STATE[1]])  # the same function a quarter turn further
    values = [
        l2.second_order_defect(MODEL, STATE, nodes),
        l2.second_order_defect(straight, STATE, nodes),
        l2.second_order_defect(straight, turned, nodes),
    ]
    np.testing.assert_allclose(values, values[0], rtol=1e-9)  # rounding; 64 nodes map to nodes
    double = Model(cosine_ring(-1.0, 4.0), PHI)
    half = STATE / np.sqrt(2)  # features grow by sqrt 2: the same potentials, twice the kernel
    assert l2.second_order_defect(double, half, nodes) == pytest.approx(2 * values[1], rel=1e-9)


def test_in_h_the_ratio_vanishes_below_the_line_of_thm_smooth():
    F = neural_field(MODEL)
    lipschitz = derivative_constants(MODEL, 2).lipschitz
    rng = np.random.default_rng(1)
    for _ in range(5):
        u = rng.standard_normal(3)
        u /= np.linalg.norm(u)
        sizes = 2.0 ** -np.arange(2, 11)
        ratios = np.array([l2.smooth_remainder(F, STATE, s * u) for s in sizes])
        assert np.all(ratios <= lipschitz * sizes / 6)
        slope = np.polyfit(np.log(sizes[4:]), np.log(ratios[4:]), 1)[0]
        assert slope == pytest.approx(1, abs=0.05)


def test_hypotheses_are_asked_for():
    nodes = MODEL.kernel.space.quadrature(16).nodes
    with pytest.raises(ValueError, match="smoothness"):
        l2.taylor_defect(ThresholdLinear(), 0.0, 1.0, 2)
    with pytest.raises(ValueError, match="infinite"):
        l2.taylor_defect(Exponential(), 0.0, 1.0, 2)
    with pytest.raises(ValueError, match="c = 0"):
        l2.taylor_defect(PHI, 0.0, 0.0, 2)
    with pytest.raises(ValueError, match="shape"):
        l2.second_order_defect(MODEL, np.zeros(2), nodes)
    two = Model(population_kernel(np.eye(2), np.array([0.5, 0.5])), PHI)
    with pytest.raises(ValueError, match="atoms"):
        l2.second_order_defect(two, np.zeros(2), np.array([[0.0]]))


def test_a_smoother_kernel_does_not_help():
    """The constant does not care about smoothness: one mode or forty, only ||w_y||_2 counts."""
    nodes = MODEL.kernel.space.quadrature(32).nodes
    for pairs in (0, 20):
        kernel = torus_kernel(np.r_[1.0, np.full(pairs, 0.1)], 1)
        flat = np.zeros(kernel.rank)
        expected = l2.l2_norms(kernel, kernel.w(nodes)).max() * l2.largest_taylor_defect(
            PHI, 0.0, 2
        )
        assert l2.second_order_defect(Model(kernel, PHI), flat, nodes) == pytest.approx(
            float(expected), rel=1e-12
        )
