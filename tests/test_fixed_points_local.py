"""The curvature at a fixed point: the majorant against closed forms, the certificate against networks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from calibrated import assert_bound_with_teeth, assert_violations_at_most
from curvature_cases import BENDS, DELTA, case, least_size, longest, second_derivative, zero_of
from fieldlimit.explorables.certified_ball import drawn_network
from fieldlimit.field import Model, finite_network, neural_field
from fieldlimit.fixed_points import (
    Bend,
    curvature_at,
    fixed_point_certificate,
    fixed_point_constants,
    local_certificate,
    majorant_radii,
    newton,
    newton_kantorovich,
)
from fieldlimit.fixed_points.local import bilinear_norm
from fieldlimit.kernels import power_law, torus_kernel
from fieldlimit.nonlinearities import Exponential

# ---- the lemma -----------------------------------------------------------------------------------


@pytest.mark.checks("lem-majorant")
@pytest.mark.parametrize("bend", BENDS)
@pytest.mark.parametrize(("Y", "Z"), [(0.1, 0.2), (1e-7, 0.0), (0.02, 0.6)])
def test_both_radii_are_attained_on_the_line(bend, Y, Z):
    """G(0) = -Y, G'(s) = 1 - Z - Psi'(|s|): its positive zeros are r_- and r_+, to rounding.

    Psi' is integrated numerically here, from Psi'' alone.
    """
    from scipy.integrate import quad

    radii = majorant_radii(Y, Z, bend)
    assert radii.holds

    def second(t):
        return min(bend.lipschitz, bend.centre + bend.growth * t)

    def G(s):
        joint = [bend.joint] if 0 < bend.joint < s else None
        Psi = quad(lambda t: (s - t) * second(t), 0, s, points=joint, epsabs=1e-13, epsrel=1e-13)[0]
        return -Y + (1 - Z) * s - Psi

    peak = bend.level(1 - Z)
    below, above = zero_of(G, 0.0, peak), zero_of(G, peak, 20 * peak)
    np.testing.assert_allclose([radii.existence, radii.uniqueness], [below, above], rtol=1e-9)
    assert radii.existence >= below * (1 - 1e-13) and radii.uniqueness <= above * (1 + 1e-13)
    assert radii.q == pytest.approx(
        Y / (Y + G(peak)), rel=1e-9
    )  # the largest Y is that of the peak


@pytest.mark.checks("lem-majorant")
def test_without_growth_it_is_the_parabola():
    for Y, Z, La in ((0.1, 0.2, 1.0), (0.3, 0.0, 1.5), (1e-6, 0.9, 2.0), (0.5, 0.5, 0.0)):
        old = newton_kantorovich(Y, Z, La)
        for bend in (Bend(La, La, 7.0), Bend(La, 3 * La, 7.0), Bend(math.inf, La, 0.0)):
            new = majorant_radii(Y, Z, bend)
            assert new.q == pytest.approx(old.q, rel=1e-9)
            assert new.existence == pytest.approx(old.existence, rel=1e-9)
            assert new.uniqueness == pytest.approx(old.uniqueness, rel=1e-9)


@pytest.mark.checks("lem-majorant")
@pytest.mark.parametrize("bend", BENDS)
def test_q_is_the_share_of_the_largest_residual(bend):
    """With Y/q the lemma just fails, and a little below it holds; both radii grow or shrink with Y."""
    Y, Z = 0.05, 0.1
    radii = majorant_radii(Y, Z, bend)
    assert majorant_radii(Y / radii.q * (1 - 1e-6), Z, bend).holds
    beyond = majorant_radii(Y / radii.q * (1 + 1e-6), Z, bend)
    assert not beyond.holds and beyond.q >= 1 and beyond.uniqueness == 0.0
    more = majorant_radii(1.2 * Y, Z, bend)
    assert more.existence > 1.2 * radii.existence and more.uniqueness < radii.uniqueness
    assert majorant_radii(Y, 1.0, bend).q == math.inf
    assert not majorant_radii(Y, Z, bend, reach=0.9 * radii.existence).holds
    assert majorant_radii(Y, Z, bend, reach=1.1 * radii.existence).uniqueness == pytest.approx(
        1.1 * radii.existence
    )
    assert not majorant_radii(Y, Z, Bend(math.inf, 0.0, math.inf)).holds
    with pytest.raises(ValueError, match="growth is at least 0"):
        majorant_radii(Y, Z, replace(bend, growth=-1.0))


@pytest.mark.checks("lem-majorant")
def test_the_zeros_of_random_cubic_maps():
    """G(u) = y + A u + Q[u, u]/2 + C[u, u, u]/6 in R^3, B inexact: a zero within r_-, none up to r_+."""
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(60):
        A = np.eye(3) + 0.3 * rng.standard_normal((3, 3))
        B = np.linalg.inv(A + 0.05 * rng.standard_normal((3, 3)))
        Q = 0.15 * rng.standard_normal((3, 3, 3))
        Q = (Q + Q.transpose(0, 2, 1)) / 2
        a, b = rng.standard_normal((2, 3))  # C[u, u, u] = a <b, u>^3
        y = 0.05 * rng.standard_normal(3)

        def G(u, y=y, A=A, Q=Q, a=a, b=b):
            return y + A @ u + np.einsum("ijk,j,k->i", Q, u, u) / 2 + a * (b @ u) ** 3 / 6

        centre = bilinear_norm(np.tensordot(B, Q, axes=1).reshape(3, 9))
        bend = Bend(math.inf, centre, np.linalg.norm(B @ a) * np.linalg.norm(b) ** 3)
        radii = majorant_radii(np.linalg.norm(B @ y), np.linalg.norm(np.eye(3) - B @ A, 2), bend)
        if not radii.holds:
            continue
        held += 1
        u = np.zeros(3)
        for _ in range(50):
            slope = A + np.einsum("ijk,k->ij", Q, u) + np.outer(a, b) * (b @ u) ** 2 / 2
            u = u - np.linalg.solve(slope, G(u))
        assert np.linalg.norm(G(u)) < 1e-12  # Newton's method arrived
        assert np.linalg.norm(u) <= radii.existence < radii.uniqueness
        shell = rng.standard_normal((2000, 3))
        shell /= np.linalg.norm(shell, axis=1, keepdims=True)
        t = rng.uniform(radii.existence, radii.uniqueness, (2000, 1))
        assert all(np.linalg.norm(G(v)) > 1e-6 for v in t * shell)
    assert held > 30


# ---- the certificate -----------------------------------------------------------------------------


@pytest.mark.checks("thm-fixed-point-local")
@pytest.mark.parametrize("name", ["circle", "plane", "2", "17"])
def test_the_curvature_grows_no_faster_than_promised(name):
    """||B D^2F_N(f)|| <= min(La, La_* + La' ||f - h||) at 3 distances in 60 networks, all at once.

    Fails with probability below delta; false-alarm rate 1e-9. Teeth: with the curvature of the field
    at h alone, neither eps' nor La', more than half of the networks break it somewhere.
    """
    model, constants, curvature = case(name)
    N, rng, h = least_size(name), np.random.default_rng(2), constants.h
    c = local_certificate(constants, curvature, N, DELTA)
    broken, without = 0, 0
    for _ in range(60):
        network = finite_network(model, N, rng=rng)
        v = rng.standard_normal(len(h))
        v /= np.linalg.norm(v)
        sizes = {
            t: longest(second_derivative(network, constants.B, h + t * v), rng) for t in (0, 0.3, 3)
        }
        broken += any(s > min(c.lipschitz, c.centre + c.growth * t) for t, s in sizes.items())
        without += any(s > curvature.centre for s in sizes.values())
    assert_violations_at_most(broken, 60, DELTA)
    assert without > 30


@pytest.mark.checks("thm-fixed-point-local")
@pytest.mark.parametrize("name", ["circle", "plane", "3", "17"])
@pytest.mark.parametrize("times", [1, 4])
def test_the_network_has_its_zero_within_the_radius(name, times):
    """At the least N of the local certificate and at four times that; false-alarm rate 1e-9.

    Teeth: at four times the least N 0.4 of the radius fails, at the least 0.2 (q is nearly 1 there).
    """
    model, constants, curvature = case(name)
    N, rng, h = times * least_size(name), np.random.default_rng(times), constants.h
    c = local_certificate(constants, curvature, N, DELTA)
    assert c.holds and not c.plain
    D = np.empty(400)
    for i in range(400):
        network = (
            drawn_network(model, N, rng) if name == "plane" else finite_network(model, N, rng=rng)
        )
        g = newton(network, h[None])[0]
        D[i] = np.linalg.norm(g - h) if np.linalg.norm(network(g)) < 1e-9 else np.inf
    assert_bound_with_teeth(D, c.radius, DELTA, weakened=0.4 if times == 4 else 0.2)


@pytest.mark.checks("thm-fixed-point-local")
@pytest.mark.parametrize("name", ["2", "27"])
def test_no_other_zero_in_the_larger_ball(name):
    """Newton's method from 40 places in the open ball of radius r_+, in 60 networks."""
    model, constants, curvature = case(name)
    N, rng, h = 2 * least_size(name), np.random.default_rng(3), constants.h
    c = local_certificate(constants, curvature, N, DELTA)
    assert c.uniqueness > 1.1 * fixed_point_certificate(constants, N, DELTA).uniqueness
    broken = 0
    for _ in range(60):
        network = (
            drawn_network(model, N, rng) if name == "plane" else finite_network(model, N, rng=rng)
        )
        u = rng.standard_normal((40, len(h)))
        u *= c.uniqueness * rng.random((40, 1)) / np.linalg.norm(u, axis=1, keepdims=True)
        found = newton(network, h + u, steps=30)
        found = found[np.linalg.norm(network(found), axis=1) < 1e-10]
        away = np.linalg.norm(found - h, axis=1)
        broken += bool(((away > c.radius + 1e-8) & (away < c.uniqueness - 1e-8)).any())
    assert_violations_at_most(broken, 60, DELTA)


@pytest.mark.checks("thm-fixed-point-local")
def test_what_is_gained():
    """N falls, and so does what the curvature adds to r_- = eta/(1 - eps), where phi'' at h is small
    compared with its largest (2, 27); elsewhere N is at most a little larger, as delta pays for one
    event more, and the radius no worse. At four times the N of the plain certificate."""

    def added(c):
        return c.radius * (1 - c.eps) / c.eta - 1

    for name, fewer, rest in (
        ("2", 0.5, 0.5),
        ("27", 0.85, 0.75),
        ("17", 1.1, 0.9),
        ("3", 1.1, 0.9),
        ("circle", 1.1, 1.0),
    ):
        _, constants, curvature = case(name)
        least = least_size(name, route=fixed_point_certificate)
        assert least_size(name) < fewer * least
        local = local_certificate(constants, curvature, 4 * least, DELTA)
        plain = fixed_point_certificate(constants, 4 * least, DELTA)
        assert 0 < added(local) < rest * added(plain)


def test_curvature_against_brute_force():
    rng = np.random.default_rng(6)
    for name in ("circle", "plane", "17"):
        model, constants, curvature = case(name)
        F = neural_field(model)
        seen = longest(second_derivative(F, constants.B, constants.h), rng)
        assert seen <= curvature.centre < 1.8 * seen + 2 * curvature.error
        # against a difference quotient of the derivative in one direction
        v = rng.standard_normal(len(constants.h))
        v *= 1e-5 / np.linalg.norm(v)
        turn = (F.derivative(constants.h + v) - F.derivative(constants.h - v)) / 2e-5
        T = second_derivative(F, constants.B, constants.h).reshape(*F.I.shape, *F.I.shape, -1)
        np.testing.assert_allclose(T @ v * 1e5, constants.B @ turn, atol=1e-8)


def test_where_it_does_not_apply():
    calm = Model(torus_kernel(power_law(5, 2.0), 1), Exponential(0.05, 0.5))
    h = newton(neural_field(calm), np.zeros((1, 11)))[0]
    near = fixed_point_constants(calm, h, reach=1.0)
    c = local_certificate(near, curvature_at(calm, near), 10_000, DELTA)
    assert c.holds and c.uniqueness <= 1.0
    assert curvature_at(calm, replace(near, reach=math.inf)) is None  # phi''' is unbounded
    _, constants, curvature = case("plane")
    with pytest.raises(ValueError, match="shares are 4 positive numbers with sum 1"):
        local_certificate(constants, curvature, 100, DELTA, shares=(0.5, 0.3, 0.2))
    assert "q < 1 is needed" in local_certificate(constants, curvature, 50, DELTA).reason
    assert "eps < 1 is needed" in local_certificate(constants, curvature, 1, 1e-9).reason
