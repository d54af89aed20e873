"""Interval arithmetic against exact rational and high-precision arithmetic; the rigorous certificate."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from fieldlimit.explorables.certified_ball import drawn_network, populations
from fieldlimit.field import Model, finite_network, neural_field
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
from fieldlimit.kernels import power_law, torus_kernel
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
    with pytest.raises(ValueError, match="700"):
        exponential(exactly(800.0))


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
