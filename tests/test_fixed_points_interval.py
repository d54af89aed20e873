"""Interval arithmetic against exact rational and high-precision arithmetic; the rigorous certificate."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from fieldlimit.explorables.certified_ball import drawn_network, populations
from fieldlimit.field import Model, VectorField, finite_network, neural_field
from fieldlimit.fixed_points import (
    fixed_points,
    newton,
    posterior_certificate,
    rigorous_certificate,
)
from fieldlimit.fixed_points.interval import (
    Interval,
    around,
    exactly,
    exponential,
    norm_bound,
    row_norms,
    symmetric_norm_bound,
)
from fieldlimit.fixed_points.rigorous import _curvature, _logistic
from fieldlimit.kernels import population_kernel, power_law, torus_kernel
from fieldlimit.nonlinearities import ErrorFunction, Logistic


def exact(x):
    return Fraction(float(x))


def test_the_four_operations_enclose_the_rational_result():
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal(500) * 10.0 ** rng.integers(-8, 8, 500) for _ in range(2))
    x, y = Interval(a, a + np.abs(a) * 1e-3), Interval(b, b + np.abs(b) * 1e-3)
    for i in range(500):
        for p in (x.lo[i], x.hi[i]):
            for q in (y.lo[i], y.hi[i]):
                cases = {
                    "sum": (exact(p) + exact(q), x + y),
                    "difference": (exact(p) - exact(q), x - y),
                    "product": (exact(p) * exact(q), x * y),
                    "quotient": (exact(p) / exact(q), x / y),
                }
                for value, enclosure in cases.values():
                    assert exact(enclosure.lo[i]) <= value <= exact(enclosure.hi[i])
    with pytest.raises(ZeroDivisionError):
        exactly(1.0) / Interval(np.array(-1.0), np.array(1.0))


def test_matrix_products_enclose_the_rational_result_with_cancellation():
    rng = np.random.default_rng(2)
    A, B = rng.standard_normal((4, 300)), rng.standard_normal((300, 3))
    A[:, 150:], B[150:] = A[:, :150] * (1 + 1e-13), -B[:150]  # the sum is 1e-13 of its terms
    product = exactly(A) @ exactly(B)
    wide = Interval(A - 1e-9, A + 1e-9) @ exactly(B)
    for i in range(4):
        for j in range(3):
            value = sum(exact(a) * exact(b) for a, b in zip(A[i], B[:, j], strict=True))
            assert exact(product.lo[i, j]) <= value <= exact(product.hi[i, j])
    assert (product.hi - product.lo).max() < 1e-10  # 300 terms of size 1: gamma is 3e-14
    assert (wide.lo < product.lo).all() and (wide.hi > product.hi).all()


def test_exponential_against_fifty_digits():
    rng = np.random.default_rng(3)
    t = np.concatenate([rng.uniform(-30, 30, 300), rng.uniform(-700, 700, 50), [0.0, 1e-300]])
    enclosure = exponential(exactly(t))
    with localcontext() as context:
        context.prec = 50
        for i, s in enumerate(t):
            value = Decimal(float(s)).exp()
            assert Decimal(float(enclosure.lo[i])) <= value <= Decimal(float(enclosure.hi[i]))
    small = np.abs(t) < 30
    width = (enclosure.hi - enclosure.lo) / enclosure.hi
    assert width[small].max() < 1e-13
    far = exponential(exactly(np.array([-800.0, 800.0])))
    assert far.lo[0] == 0 and 0 < far.hi[0] < 1e-300 and far.lo[1] > 1e300 and far.hi[1] == np.inf


def test_logistic_and_its_slope_against_fifty_digits():
    phi = Logistic(1.3, 2.7, 0.2)
    s = np.random.default_rng(4).uniform(-6, 6, (200, 1))
    rate, slope = _logistic(phi, exactly(s))
    with localcontext() as context:
        context.prec = 50
        r, g, c = (Decimal(float(v)) for v in (phi.rate, phi.gain, phi.threshold))
        for i in range(len(s)):
            z = 1 / (1 + (-(g * (Decimal(float(s[i, 0])) - c))).exp())
            assert Decimal(float(rate.lo[i, 0])) <= r * z <= Decimal(float(rate.hi[i, 0]))
            exact_slope = r * g * z * (1 - z)
            assert Decimal(float(slope.lo[i, 0])) <= exact_slope <= Decimal(float(slope.hi[i, 0]))
    assert 0 <= _curvature(phi) / phi.sup(2) - 1 < 1e-14


def test_norms():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((30, 7))
    squares = [sum(exact(v) ** 2 for v in row) for row in x]
    assert exact(norm_bound(exactly(x))) ** 2 >= sum(squares)
    assert all(exact(b) ** 2 >= v for b, v in zip(row_norms(exactly(x)), squares, strict=True))
    K = x.T @ x
    bound = symmetric_norm_bound(exactly((K + K.T) / 2))
    assert 0 <= bound / np.linalg.norm(K, 2) - 1 < 1e-11
    assert around(1.0).contains(1.0) and not exactly([1.0, 2.0]).contains([1.0, 2.1])


@pytest.mark.checks("thm-fixed-point-posterior")
def test_the_proof_agrees_with_floating_point():
    """Every constant above the plain one, and by rounding only: a relative 1e-9."""
    kernel = torus_kernel(power_law(10, 2.0), 1)
    model = Model(kernel, Logistic(1.0, 2.0), 0.2 * np.ones(21) / np.sqrt(21))
    network = finite_network(model, 400, rng=np.random.default_rng(6))
    h = fixed_points(neural_field(model), rng=np.random.default_rng(0)).points[0].h
    plain, proof = posterior_certificate(network, h), rigorous_certificate(network, h)
    assert proof.rigorous and not plain.rigorous and proof.holds
    assert plain.residual <= proof.residual <= plain.residual * (1 + 1e-9)
    assert plain.lipschitz <= proof.lipschitz * (1 + 1e-12)
    assert proof.lipschitz <= plain.lipschitz * (1 + 1e-9)
    assert proof.defect < 1e-10
    assert plain.radius * (1 - 1e-11) <= proof.radius <= plain.radius * (1 + 1e-9)
    assert proof.uniqueness == pytest.approx(plain.uniqueness, rel=1e-9)


def test_products_of_tiny_and_huge_factors_are_enclosed():
    """gamma |b| underflows, the rounding of a b does not: 1e300 times a subnormal number. The radius
    of b covers it, which is never 0."""
    a, b = np.array([[1e300, 3e300]]), np.array([[1.1e-310], [1.7e-310]])
    product = exactly(a) @ exactly(b)
    value = sum(exact(s) * exact(t) for s, t in zip(a[0], b[:, 0], strict=True))
    assert exact(product.lo[0, 0]) <= value <= exact(product.hi[0, 0])
    assert product.hi[0, 0] - product.lo[0, 0] >= 2.0**-53 * product.hi[0, 0]


@pytest.mark.checks("thm-fixed-point-posterior")
def test_the_three_numbers_against_exact_arithmetic():
    """Y0, ||B w|| and phi_2 in fifty digits, from the exact 1/N: N = 1, repeated neurons, steep phi."""
    for seed, (N, gain) in enumerate([(1, 1.0), (7, 4.0), (7, 40.0), (30, 2000.0)]):
        rng = np.random.default_rng(seed)
        k, w = rng.standard_normal((2, N, 2))
        k[N // 2 :], w[N // 2 :] = k[0], w[0]
        phi = Logistic(1.3, gain, 0.1)
        network = VectorField(k, w, np.full(N, 1 / N), phi, rng.standard_normal(2))
        h = fixed_points(network, rng=rng).points[0].h
        B = np.linalg.inv(network.derivative(h)) * 1.01
        proof = rigorous_certificate(network, h, B=B)
        with localcontext() as context:
            context.prec = 50
            to = np.vectorize(lambda v: Decimal(float(v)), otypes=[object])
            t = Decimal(gain) * (to(k) @ to(h) - Decimal(phi.threshold))
            rate = np.array([Decimal(phi.rate) / (1 + (-s).exp()) for s in t])
            step = to(B) @ (to(network.I) - to(h) + rate @ to(w) / N)
            assert Decimal(proof.residual) ** 2 >= (step**2).sum()
            longest = max(((to(w) @ to(B.T)) ** 2).sum(axis=1)).sqrt()
            curvature = Decimal(phi.rate) * Decimal(gain) ** 2 / (6 * Decimal(3).sqrt())
            gram = (to(k).T @ to(k)) / N  # 2 x 2: the norm in closed form
            a, b, c = gram[0, 0], gram[0, 1], gram[1, 1]
            top = (a + c) / 2 + (((a - c) / 2) ** 2 + b**2).sqrt()
            assert curvature * longest * top <= Decimal(proof.lipschitz)


@pytest.mark.checks("thm-fixed-point-posterior")
def test_a_steep_network_is_proven_as_well():
    """|t| = 1000 in the exponential: saturated rates are known without its value."""
    steep = population_kernel(np.array([[4.0, -1.0], [1.0, 1.0]]), [0.5, 0.5])
    F = neural_field(Model(steep, Logistic(1.0, 1000.0), [-1.0, -1.0]))
    found = fixed_points(F, rng=np.random.default_rng(0))
    assert len(found) == 3 and found.index_sum == 1
    for point in found.points:
        proof = rigorous_certificate(F, point.h)
        assert proof.holds and proof.radius < 1e-9 < proof.uniqueness


@pytest.mark.checks("thm-fixed-point-posterior")
def test_signed_weights_and_singular_matrices():
    """Weights of both signs cancel in sum p k (x) k, not in the Lipschitz constant; B = 0 is refused."""
    k, p = np.array([[1.0], [1.0]]), np.array([3.0, -3.0])
    F = VectorField(k, k.copy(), p, Logistic(1.0, 4.0), np.array([0.3]))
    phi_2 = Logistic(1.0, 4.0).sup(2)
    for certify in (posterior_certificate, rigorous_certificate):
        assert certify(F, np.array([0.3])).lipschitz == pytest.approx(6 * phi_2)
        assert not certify(F, np.array([0.3]), B=np.zeros((1, 1))).holds


@pytest.mark.checks("thm-fixed-point-posterior")
def test_a_zero_is_proven_to_thirteen_digits():
    model = populations(2.5)
    network = drawn_network(model, 1000, np.random.default_rng(7))
    for point in fixed_points(network, rng=np.random.default_rng(0)).points:
        h = newton(network, point.h[None])[0]
        proof = rigorous_certificate(network, h)
        assert proof.holds and proof.radius < 1e-9 < 0.1 < proof.uniqueness
    nowhere = rigorous_certificate(network, np.array([0.5, 2.0]))
    assert not nowhere.holds
    other = rigorous_certificate(network, h, B=1.05 * np.linalg.inv(network.derivative(h)))
    assert other.defect == pytest.approx(0.05 * np.sqrt(2), rel=0.5)
    with pytest.raises(ValueError, match="phi is Logistic"):
        rigorous_certificate(replace(network, phi=ErrorFunction()), h)
