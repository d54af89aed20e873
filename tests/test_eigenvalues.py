"""Eigenvalues and eigenspaces: matrix inequalities, the resolvent, and the law of an eigenvalue."""

from __future__ import annotations

import numpy as np
import pytest

from calibrated import assert_bound_with_teeth, assert_violations_at_most
from fieldlimit import eigenvalues as ev
from fieldlimit.eigenvalues.resolvent import circle_crossings
from fieldlimit.explorables import certified_ball
from fieldlimit.field import Model, finite_network, neural_field
from fieldlimit.fixed_points import fixed_points, newton
from fieldlimit.kernels import population_kernel, shifted_ring, torus_kernel
from fieldlimit.nonlinearities import Logistic, ThresholdLinear

ROUNDING = 1e-9  # of eigenvalues of matrices of norm about 1


def matrices(number=12, size=7):
    """Real, not normal, of norm about 2, half of them stable."""
    rng = np.random.default_rng(11)
    for i in range(number):
        A = rng.standard_normal((size, size)) / np.sqrt(size) + 2 * np.eye(size, k=1) * (i % 3)
        yield A - (2.5 if i % 2 else 0.0) * np.eye(size)


def symmetric(size, rng):
    A = rng.standard_normal((size, size))
    return (A + A.T) / 2


def unstable(A, line=0.0):
    return int((np.linalg.eigvals(A).real > line).sum())


@pytest.mark.checks("lem-hamiltonian")
@pytest.mark.parametrize("line", [0.0, -0.7])
def test_the_stability_radius_is_the_minimum_over_the_line(line):
    """Against a fine grid, whose error is at most half its spacing: s is 1-Lipschitz."""
    for A in matrices():
        radius = ev.stability_radius(A, line)
        w = np.linspace(0, 2 + np.linalg.norm(A, 2), 4001)  # beyond, s(z) >= |z| - ||A|| is larger
        grid = ev.least_singular_value(A, line + 1j * w).min()
        assert radius.lower <= radius.upper <= radius.lower * (1 + 2e-6) + ROUNDING
        assert grid - w[1] / 2 <= radius.upper and radius.lower <= grid + ROUNDING


@pytest.mark.checks("lem-hamiltonian")
def test_nothing_smaller_moves_an_eigenvalue_onto_the_axis_and_the_perturbation_does():
    rng = np.random.default_rng(12)
    for A in matrices():
        radius = ev.stability_radius(A)
        E = radius.perturbation
        assert np.linalg.norm(E, 2) == pytest.approx(radius.upper)
        moved = np.linalg.eigvals(A + E)
        # a multiple eigenvalue of a 7 x 7 matrix is computed to rounding^(1/7) at worst, here better
        assert np.abs(moved - 1j * radius.frequency).min() < 1e-6
        for factor in (0.2, 0.99):
            assert unstable(A + factor * E) == unstable(A)
            random = rng.standard_normal(A.shape)
            random *= factor * radius.lower / np.linalg.norm(random, 2)
            assert unstable(A + random) == unstable(A)


@pytest.mark.checks("lem-hamiltonian")
def test_crossings_of_a_circle():
    """At each of them the level is a singular value, and between them s - level keeps its sign.

    So the pencil finds every crossing of the least singular value that 2000 points see.
    """
    for A in matrices():
        centre, radius = -0.3 + 0.2j, 1.1
        angles = np.linspace(-np.pi, np.pi, 2001)
        s = ev.least_singular_value(A, centre + radius * np.exp(1j * angles))
        low = s.min() - radius * np.pi / 2000  # below all values: s is 1-Lipschitz
        assert low > 0
        for level in (low, 1.001 * s.min(), 1.01 * np.median(s)):
            found = circle_crossings(A, level, centre, radius)
            for z in centre + radius * np.exp(1j * found):
                values = np.linalg.svd(z * np.eye(7) - A)[1]
                assert np.abs(values - level).min() < 1e-6
            signs = np.sign(s - level)
            for i in np.flatnonzero(signs[1:] != signs[:-1]):
                assert ((angles[i] <= found) & (found <= angles[i + 1])).any()
            assert (len(found) > 0) == (level > low)
    assert len(circle_crossings(np.zeros((2, 2)), 1.0, 0.0, 1.0))  # s = 1 on all of the circle


def test_a_disc_of_a_defective_eigenvalue():
    """Jordan's block of size 3: s depends on |z - lambda| alone, about its cube. In seconds, not hours."""
    A = -0.5 * np.eye(3) + np.eye(3, k=1)
    disc = ev.certified_disc(A, -0.5, 1e-6)
    assert disc.count == 3 and disc.radius == pytest.approx(1e-2, rel=5e-3)


def test_stability_radius_of_a_normal_matrix_and_of_a_singular_one():
    A = np.array([[-0.3, 2.0, 0.0], [-2.0, -0.3, 0.0], [0.0, 0.0, 0.5]])
    assert ev.stability_radius(A).lower == pytest.approx(0.3, rel=1e-5)
    assert ev.stability_radius(A).frequency == pytest.approx(2.0)
    assert ev.stability_radius(A, 0.5).upper == pytest.approx(0.0, abs=ROUNDING)
    assert ev.stability_radius(A, 0.5).lower == 0.0


def test_certified_abscissa():
    """No perturbation passes it, and one of rank one comes close: it is the least."""
    for A in matrices():
        x = ev.certified_abscissa(A, 0.1)
        E = ev.stability_radius(A, x).perturbation
        reached = np.linalg.eigvals(A + E).real.max()
        assert 0.1 * (1 - 1e-6) < np.linalg.norm(E, 2) < 0.1 * (1 + 1e-3)
        assert reached == pytest.approx(x, abs=1e-5)
        assert x > np.linalg.eigvals(A).real.max()


@pytest.mark.checks("prop-disc")
def test_discs_keep_their_eigenvalues_and_are_the_least():
    rng = np.random.default_rng(13)
    for A in matrices(4):
        for shift in (0.003, 0.1):
            for disc in ev.certified_discs(A, shift):
                u, _, v = np.linalg.svd((disc.centre + disc.radius) * np.eye(7) - A)
                worst = np.outer(u[:, -1], v[-1])
                for E in (worst, -worst, rng.standard_normal(A.shape)):
                    moved = np.linalg.eigvals(A + shift * E / np.linalg.norm(E, 2))
                    assert (np.abs(moved - disc.centre) < disc.radius).sum() == disc.count
                # teeth: no circle smaller by 1 % is clear
                for rho in np.linspace(0.05, 0.99, 8) * disc.radius:
                    z = disc.centre + rho * np.exp(2j * np.pi * np.arange(500) / 500)
                    s = ev.least_singular_value(A, z).min()
                    assert s < shift + 2e-3 * disc.radius + np.pi * rho / 500


@pytest.mark.checks("prop-disc")
def test_disc_of_a_normal_matrix():
    """As large as the perturbation; two that overlap are joined."""
    A = np.diag([-1.0, -0.5, -0.45])
    alone, *pair = [ev.certified_disc(A, z, 0.1) for z in (-1.0, -0.5, -0.45)]
    assert alone.radius == pytest.approx(0.1, rel=2e-3) and alone.count == 1
    assert all(d.radius == pytest.approx(0.15, rel=2e-3) and d.count == 2 for d in pair)


def test_pseudospectrum_is_the_least_singular_value():
    A = next(iter(matrices()))
    z = np.linspace(-2, 2, 30)[:, None] + 1j * np.linspace(-2, 2, 20)
    s = ev.pseudospectrum(A, z)
    inverse = np.linalg.norm(np.linalg.inv(z[3, 4] * np.eye(7) - A), 2)
    assert s.shape == z.shape and s[3, 4] == pytest.approx(1 / inverse)
    assert np.abs(np.diff(s, axis=0)).max() <= 4 / 29 + ROUNDING  # 1-Lipschitz


@pytest.mark.checks("thm-weyl")
def test_weyl_in_a_commuting_weight():
    """Both bounds hold for every perturbation; with E = size C^2 they are attained."""
    rng = np.random.default_rng(14)
    for weighted in (False, True):
        for _ in range(30):
            A, E = symmetric(6, rng), symmetric(6, rng)
            values, U = np.linalg.eigh(A)
            squares = rng.uniform(0.05, 2.0, 6) if weighted else np.ones(6)
            root = np.sqrt(squares)
            E *= 0.5 / np.linalg.norm(E, 2)  # in the eigenbasis of A: C^{-1} E C^{-1}
            moved = np.linalg.eigvalsh(A + U @ (root[:, None] * E * root) @ U.T)[::-1]
            lower, upper = ev.weyl_intervals(values, 0.5, squares if weighted else None)
            assert (lower - ROUNDING <= moved).all() and (moved <= upper + ROUNDING).all()
            most = np.linalg.eigvalsh(A + U @ np.diag(0.5 * squares) @ U.T)[::-1]
            np.testing.assert_allclose(
                most, upper, atol=ROUNDING
            )  # teeth: no smaller bound is true


@pytest.mark.checks("thm-hoffman-wielandt")
def test_hoffman_wielandt():
    rng = np.random.default_rng(15)
    for _ in range(50):
        A, E = symmetric(6, rng), symmetric(6, rng)
        left, right = ev.hoffman_wielandt(A, A + 0.3 * E)
        assert left <= right + ROUNDING
    left, right = ev.hoffman_wielandt(np.diag([2.0, 1.0]), np.diag([2.2, 0.9]))
    assert left == pytest.approx(right)  # teeth: with commuting matrices it is an equality
    with pytest.raises(ValueError, match="A is symmetric, but an entry differs by 1"):
        ev.hoffman_wielandt(np.array([[0.0, 1.0], [0.0, 0.0]]), np.eye(2))


def test_weyl_is_false_without_symmetry():
    """A kernel of two signs: V S with V = diag(1, -1), S positive; and factor 10 between the sizes."""
    S, E = np.array([[1.0, 0.99], [0.99, 1.0]]), 0.005 * np.array([[1.0, -1.0], [-1.0, 1.0]])
    V = np.diag([1.0, -1.0])
    gap = np.linalg.eigvals(V @ (S + E)).real.max() - np.linalg.eigvals(V @ S).real.max()
    assert gap > 5 * np.linalg.norm(E, 2)


@pytest.mark.checks("thm-davis-kahan")
def test_angles_of_eigenspaces():
    rng = np.random.default_rng(16)
    for _ in range(40):
        A, E = symmetric(6, rng), symmetric(6, rng)
        values, U = np.linalg.eigh(A)
        for group in ([5], [2], [2, 3], [0, 1]):
            outside = np.delete(values, group)
            gap = min(abs(values[i] - v) for i in group for v in outside)
            size = 0.45 * gap
            P = np.linalg.eigh(A + size * E / np.linalg.norm(E, 2))[1][:, group]
            apart = np.linalg.norm(U[:, group] @ U[:, group].T - P @ P.T, 2)
            assert apart <= np.sin(ev.eigenspace_angle(size, gap)) + ROUNDING


@pytest.mark.checks("thm-davis-kahan")
def test_the_angle_is_attained():
    """A = diag(0, 1) and the perturbation of norm e that turns its vector most."""
    e = 0.3
    angle = ev.eigenspace_angle(e, 1.0)
    c, s = np.cos(np.pi / 2 - 2 * angle), np.sin(np.pi / 2 - 2 * angle)
    E = e * np.array([[c, s], [s, -c]])
    vectors = np.linalg.eigh(np.diag([0.0, 1.0]) + E)[1]
    seen = np.arccos(min(1.0, abs(vectors[0, 0])))
    assert seen == pytest.approx(angle, abs=1e-9)
    with pytest.raises(ValueError, match="size < gap/2, but size = 0.5"):
        ev.eigenspace_angle(0.5, 1.0)


@pytest.mark.checks("lem-first-order")
def test_first_order_and_what_remains():
    """For random perturbations; and a remainder five times less would be false (teeth)."""
    rng = np.random.default_rng(17)
    for A in matrices():
        values, right = np.linalg.eig(A)
        i = int(values.real.argmax())
        if abs(values[i].imag) > 1e-9:
            continue
        rho = np.abs(np.delete(values, i) - values[i]).min() / 2
        z = values[i] + rho * np.exp(2j * np.pi * np.arange(400) / 400)
        M = 1 / (ev.least_singular_value(A, z).min() - np.pi * rho / 400)
        left_values, left = np.linalg.eig(A.T)
        u, v = right[:, i], left[:, np.abs(left_values - values[i]).argmin()]
        for _ in range(10):
            E = rng.standard_normal(A.shape)
            E *= 0.3 / M / np.linalg.norm(E, 2)
            moved = np.linalg.eigvals(A + E)
            moved = moved[np.abs(moved - values[i]).argmin()]
            rest = abs(moved - values[i] - v @ E @ u / (v @ u))
            bound = ev.first_order(0.3 / M, radius=rho, resolvent=M)
            assert bound.holds and rest <= bound.remainder
    e = 0.01  # the lesser eigenvalue of [[0, e], [e, 1]]; on the circle of radius 1/2, M = 2
    rest = (np.sqrt(1 + 4 * e**2) - 1) / 2
    bound = ev.first_order(e, radius=0.5, resolvent=2.0)
    assert bound.remainder / 5 < rest <= bound.remainder
    assert not ev.first_order(1.0, radius=1.0, resolvent=1.0).holds


def ring_model(gain=4.0):
    """A symmetric positive kernel on the circle: A is self-adjoint."""
    return Model(
        torus_kernel(np.array([0.5, 0.4, 0.1]), 1),
        Logistic(gain=gain),
        np.array([-1, 0.5, 0, 0, 0]),
    )


def moved_derivatives(model, h, N, networks, rng):
    """DF_N(h*_N) of independent networks, (networks, r, r)."""
    drawn = [finite_network(model, N, rng=rng) for _ in range(networks)]
    return np.array([network.derivative(newton(network, h[None])[0]) for network in drawn])


@pytest.mark.checks("thm-eigen-clt")
@pytest.mark.parametrize("symmetric_kernel", [True, False])
def test_the_law_of_an_eigenvalue(symmetric_kernel):
    """Standard deviations of 1500 networks: sampling error 2 %, six of them allowed.

    Teeth: leaving out the motion of h* is noticed, in the first model by 27 %.
    """
    if symmetric_kernel:
        model = ring_model()
    else:
        model = Model(shifted_ring(-0.5, 1.5, 0.8), Logistic(2.0, 1.5), np.array([-0.3, 0.8, 0]))
    h = fixed_points(neural_field(model), rng=np.random.default_rng(0), starts=8).points[0].h
    A = neural_field(model).derivative(h)
    values = np.linalg.eigvals(A)
    value = values[np.lexsort((values.imag, values.real))[-1]]
    N = 2000
    moved = moved_derivatives(model, h, N, 1500, np.random.default_rng(18))
    seen = np.linalg.eigvals(moved)
    seen = seen[np.arange(len(seen)), np.abs(seen - value).argmin(axis=1)]
    law = ev.eigenvalue_law(model, h, value)
    for i, part in enumerate((seen.real, seen.imag)):
        predicted = np.sqrt(law.covariance[i, i] / N)
        if predicted > 1e-12:
            assert part.std() == pytest.approx(predicted, rel=0.12)
    spread = np.sqrt((np.abs(seen - seen.mean()) ** 2).mean())
    assert spread == pytest.approx(law.deviation(N), rel=0.12)
    still = ev.eigenvalue_law(model, h, value, motion=False)
    assert abs(still.deviation(N) / spread - 1) > 0.13


def test_the_law_needs_a_simple_eigenvalue():
    model = Model(torus_kernel(np.array([0.5, 0.4]), 1), Logistic())
    h = fixed_points(neural_field(model), rng=np.random.default_rng(0), starts=6).points[0].h
    value = np.linalg.eigvalsh(neural_field(model).derivative(h))[1]
    with pytest.raises(ValueError, match="the eigenvalue is simple"):
        ev.eigenvalue_law(model, h, value)


@pytest.mark.checks("thm-moved-derivative")
@pytest.mark.parametrize("gain", [2.0, 4.0])
def test_the_derivative_at_the_moved_fixed_point(gain):
    """Both routes at once, delta = 10 %. False-alarm rate 1e-9; half of the better bound would fail."""
    model, N = ring_model(gain), 1000
    h = fixed_points(neural_field(model), rng=np.random.default_rng(0), starts=8).points[0].h
    constants = ev.eigenvalue_constants(model, h)
    shift = ev.derivative_shift(constants, N, 0.1)
    moved = moved_derivatives(model, h, N, 600, np.random.default_rng(19))
    distance = np.linalg.norm(moved - constants.A, axis=(1, 2))  # Hilbert-Schmidt, for the teeth
    assert_violations_at_most(int((distance > shift.fixed + shift.motion).sum()), 600, 0.1)
    assert_violations_at_most(int((distance > shift.linear + shift.remainder).sum()), 600, 0.1)
    assert_bound_with_teeth(distance, shift.total, 0.1, weakened=0.5)


@pytest.mark.checks("thm-weyl")
def test_relative_intervals():
    """C^2 = A + 1.1: the weighted shift holds (delta = 10 %, alarm 1e-9; 0.3 of it would fail), the
    intervals of all eigenvalues follow from it, and those near -1 are shorter than without weight.
    """
    model, N = ring_model(), 1000
    h = _state(model)
    A = neural_field(model).derivative(h)
    values, U = np.linalg.eigh(A)
    squares = values + 1.1
    C = (U * np.sqrt(squares)) @ U.T
    size = ev.derivative_shift(ev.eigenvalue_constants(model, h, weight=C), N, 0.1).total
    plain = ev.derivative_shift(ev.eigenvalue_constants(model, h), N, 0.1).total
    lower, upper = ev.weyl_intervals(values, size, squares)
    moved = moved_derivatives(model, h, N, 600, np.random.default_rng(21))
    seen = np.linalg.inv(C) @ (moved - A) @ np.linalg.inv(C)
    distance = np.linalg.norm(seen, axis=(1, 2))
    assert_bound_with_teeth(distance, size, 0.1, weakened=0.3)
    small = moved[np.linalg.norm(seen, 2, axis=(1, 2)) <= size]
    eigenvalues = np.linalg.eigvalsh(small)[:, ::-1]
    assert (lower <= eigenvalues).all() and (eigenvalues <= upper).all()
    assert (upper - lower)[-1] < 0.5 * (2 * plain)
    with pytest.raises(ValueError, match="k = w is needed"):
        ev.eigenvalue_constants(
            Model(shifted_ring(0.1, 0.2, 0.8), Logistic()), np.zeros(3), weight=np.eye(3)
        )


def test_a_weight_of_one_changes_nothing():
    model = ring_model()
    h = _state(model)
    one, other = (ev.eigenvalue_constants(model, h, weight=C) for C in (None, np.eye(5)))
    a, b = (ev.derivative_shift(c, 1000, 0.05) for c in (one, other))
    for name in ("fixed", "motion", "linear", "remainder"):
        assert getattr(a, name) == pytest.approx(getattr(b, name), rel=1e-9)


def test_the_remainder_is_of_second_order():
    """N times the remainder tends to a constant, and sqrt(N) times the linear part as well."""
    constants = ev.eigenvalue_constants(ring_model(), _state(ring_model()))
    one, four = (ev.derivative_shift(constants, N, 0.05) for N in (10**6, 4 * 10**6))
    assert one.remainder / four.remainder == pytest.approx(4.0, rel=0.02)
    assert one.linear / four.linear == pytest.approx(2.0, rel=0.02)
    assert four.linear + four.remainder < four.fixed + four.motion


def _state(model):
    return fixed_points(neural_field(model), rng=np.random.default_rng(0), starts=8).points[0].h


def test_certificate_names_what_fails_and_says_what_holds():
    model = certified_ball.populations(2.5)
    points = fixed_points(neural_field(model), rng=np.random.default_rng(1)).points
    saddle = next(p for p in points if p.unstable_directions)
    constants = ev.eigenvalue_constants(model, saddle.h)
    few, some, many = (ev.spectral_certificate(constants, N, 0.05) for N in (100, 20_000, 10**7))
    assert not few.holds and "< 1 is needed" in few.reason and few.discs == ()
    assert many.same_type and many.unstable == 1 and not many.stable and many.reason == ""
    assert {d.count for d in many.discs} == {1}
    assert some.holds
    N = ev.neurons_to_keep_type(constants, 0.05)
    assert ev.spectral_certificate(constants, N, 0.05, discs=False).same_type
    assert not ev.spectral_certificate(constants, N - 1, 0.05, discs=False).same_type
    with pytest.raises(ValueError, match="N <= 100 is needed to certify"):
        ev.neurons_to_keep_type(constants, 0.05, most=100)
    free = ev.spectral_certificate(constants, 10**7, 0.05, E1=0.0, discs=False)
    assert free.E1 < ROUNDING and free.shift <= many.shift and free.discs == ()


def test_spectral_errors():
    with pytest.raises(ValueError, match="phi is of class C\\^2"):
        ev.eigenvalue_constants(
            Model(population_kernel(np.eye(2), np.ones(2) / 2), ThresholdLinear()), np.zeros(2)
        )
    with pytest.raises(ValueError, match="weights are positive"):
        ev.weyl_intervals([1.0, 2.0], 0.1, [0.0, 1.0])


@pytest.mark.checks("thm-weyl")
def test_the_shift_of_the_eigenvalues_does_not_know_the_dimension():
    """The same spectrum on the torus of dimension 1 to 20 (prop-same-spectrum for eigenvalues).

    At the homogeneous state: the root mean square over 400 networks of the largest shift, sampling
    error below 3 %; the fourth moments of the features, which do depend on d, allow for 10 % more.
    """
    seen, spectrum = {}, np.array([0.8, 0.5, 0.3, 0.2, 0.1])
    h = _state(Model(torus_kernel(spectrum, 1), Logistic(gain=2.0)))
    for d in (1, 2, 3, 5, 10, 20):
        model = Model(torus_kernel(spectrum, d), Logistic(gain=2.0))
        A = neural_field(model, 4096).derivative(h)
        slope = model.phi.derivative(h[0] * np.sqrt(0.8), 1)
        exact = np.diag(-1 + slope * model.kernel.singular_values)
        np.testing.assert_allclose(A, exact, atol=2e-3)  # Sobol points in high dimension
        lower, upper = ev.weyl_intervals(np.diag(exact), 1.0)
        rng, shifts = np.random.default_rng(20), []
        for _ in range(400):
            network = finite_network(model, 500, rng=rng)
            moved = network.derivative(h)
            size = np.linalg.norm(moved - exact, 2)
            gaps = np.linalg.eigvalsh(moved)[::-1] - np.sort(np.diag(exact))[::-1]
            assert np.abs(gaps).max() <= size * (upper - lower)[0] / 2 + ROUNDING
            shifts.append(np.abs(gaps).max())
        seen[d] = np.sqrt(np.mean(np.square(shifts)))
    middle = np.mean(list(seen.values()))
    assert all(abs(value / middle - 1) < 0.15 for value in seen.values()), seen
