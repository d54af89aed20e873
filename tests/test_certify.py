"""Certificates: each part against its own chapter, each claim with teeth, and how sharp they are."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from calibrated import assert_bound_with_teeth, assert_violations_at_most
from certified import DELTA, circle_constants, plane_constants
from drawn import drawn_model
from fieldlimit.certify import (
    Budget,
    Wanted,
    certificate_at,
    certificate_constants,
    certify,
    least_size,
    settled_state,
)
from fieldlimit.concentration import best_deviation
from fieldlimit.eigenvalues import derivative_shift
from fieldlimit.eigenvalues.summands import curvature_tensor, summands
from fieldlimit.explorables.certified_ball import drawn_network
from fieldlimit.field import Model, finite_network, flow, neural_field
from fieldlimit.fixed_points import (
    fixed_point_certificate,
    fixed_points,
    joint_certificate,
    newton,
    posterior_certificate,
)
from fieldlimit.kernels import finite_rank_kernel, power_law, shifted_ring, torus_kernel
from fieldlimit.nonlinearities import Logistic
from fieldlimit.spaces import circle

# ---- the certificate -----------------------------------------------------------------------------


@pytest.mark.checks("thm-certificate")
def test_every_claim_of_a_stable_state_with_teeth():
    """Radius, shift and error over 500 networks: none too small, each fails when halved or so.

    All claims share one event: networks in which any of them is broken are at most 5 %, to a
    false-alarm rate of 1e-9.
    """
    constants, N, rng = circle_constants(), 400, np.random.default_rng(5)
    c = certificate_at(constants, N, DELTA)
    assert c.holds
    A = neural_field(constants.model).derivative(constants.h)
    times = np.linspace(0.0, 12.0, 13)
    distance, shift, error = np.empty((3, 500))
    for i in range(500):
        network = finite_network(constants.model, N, rng=rng)
        g = newton(network, constants.h[None])[0]
        moved = network.derivative(g)
        assert np.linalg.norm(network(g)) < 1e-9
        distance[i] = np.linalg.norm(g - constants.h)
        shift[i] = np.linalg.norm(moved - A, 2)
        assert np.abs(np.linalg.eigvalsh(moved) - np.linalg.eigvalsh(A)).max() <= shift[i]
        if i < 60:  # error bounds the distance at every time; at its largest, near the end
            path = flow(network, constants.h, times, rtol=1e-6)
            error[i] = np.linalg.norm(path - constants.h, axis=1).max()
    assert_bound_with_teeth(distance, c.radius, DELTA, weakened=0.45)
    assert_bound_with_teeth(shift, c.shift, DELTA, weakened=0.22)
    assert_bound_with_teeth(error[:60], c.error, DELTA, weakened=0.15)
    broken = (distance > c.radius) | (shift > c.shift)
    broken[:60] |= error[:60] > c.error
    assert_violations_at_most(int(broken.sum()), 500, DELTA)


@pytest.mark.checks("thm-certificate")
def test_trajectories_from_elsewhere_stay_together():
    """From h* + v with ||v|| = 0.5: the error at every time of 40 networks; a tenth of it fails."""
    model, h = circle_constants().model, circle_constants().h
    v = np.random.default_rng(8).standard_normal(len(h))
    start = h + 0.5 * v / np.linalg.norm(v)
    constants = certificate_constants(model, start=start, h=h, spectrum=False)
    N, rng = 600, np.random.default_rng(6)
    c = certificate_at(constants, N, DELTA)
    assert c.holds and c.trajectories.distance >= 0.5
    times = np.linspace(0.0, 12.0, 25)
    field = flow(neural_field(model), start, times)
    D = np.empty(40)
    for i in range(40):
        path = flow(finite_network(model, N, rng=rng), start, times, rtol=1e-6)
        D[i] = np.linalg.norm(path - field, axis=1).max()
    assert_bound_with_teeth(D, c.error, DELTA, weakened=0.1)


@pytest.mark.checks("thm-certificate")
def test_the_saddle_is_a_saddle():
    """Same number of unstable directions in 300 networks at the least N, all eigenvalues in discs."""
    saddle, N = plane_constants()[2], 0
    N = least_size(saddle, DELTA, Wanted()).N
    c = certificate_at(saddle, N, DELTA)
    assert c.holds and c.spectrum.unstable == 1
    rng, broken = np.random.default_rng(9), 0
    for _ in range(300):
        network = drawn_network(saddle.model, N, rng)
        g = newton(network, saddle.h[None])[0]
        values = np.linalg.eigvals(network.derivative(g))
        inside = all(
            (np.abs(values - disc.centre) < disc.radius).sum() == disc.count
            for disc in c.spectrum.discs
        )
        near = np.linalg.norm(network(g)) < 1e-9 and np.linalg.norm(g - saddle.h) <= c.radius
        broken += not (near and inside and (values.real > 0).sum() == 1)
    assert_violations_at_most(broken, 300, DELTA)


@pytest.mark.checks("thm-certificate")
def test_parts_are_those_of_their_chapters_and_levels_add_up():
    for constants in (circle_constants(), *plane_constants()):
        c = certificate_at(constants, 20_000, DELTA)
        assert math.fsum(event.level for event in c.events) == pytest.approx(DELTA, rel=1e-12)
        level = c.budget.levels[0]
        parts, shares = (constants.fixed_point, constants.curvature), (0.85, 0.1, 0.02, 0.03)
        alone = joint_certificate(*parts, 20_000, level, shares=shares)
        plain = fixed_point_certificate(parts[0], 20_000, level, shares=(0.7, 0.2, 0.1))
        assert alone.radius < plain.radius and not c.fixed_point.plain
        assert c.radius == alone.radius and c.uniqueness == alone.uniqueness
        assert c.holds and c.one_zero and not c.reason
    only = certificate_constants(
        circle_constants().model, circle_constants().h, spectrum=False, trajectories=False
    )
    c = certificate_at(only, 1000, DELTA)
    assert c.budget.levels == (DELTA, 0.0, 0.0) and len(c.events) == 4 and len(c.claims) == 1
    assert c.radius < certificate_at(circle_constants(), 1000, DELTA).radius
    with pytest.raises(ValueError, match="shares are at least 0 with sum 1"):
        Budget(0.1, 0.5, 0.4, 0.0)


@pytest.mark.checks("thm-certificate")
def test_every_constant_names_a_statement_that_exists():
    from fieldlimit.statements import import_all

    known = import_all()
    labels = set()
    for constants in (circle_constants(), *plane_constants()):
        c = certificate_at(constants, 3000, DELTA)
        labels |= {constant.label for constant in c.table} | {claim.label for claim in c.claims}
        assert all(math.isfinite(constant.added) for constant in c.table)
    assert labels <= set(known), labels - set(known)
    exact = certificate_at(plane_constants()[0], 3000, DELTA)
    assert not any(constant.accuracy == "estimate" for constant in exact.table)
    estimated = certificate_at(circle_constants(), 3000, DELTA)
    assert {k.accuracy for k in estimated.table} == {"estimate", "bound", "derived"}


def test_quadrature_errors_are_in_the_constants():
    """By a coarse rule the included error grows, and the radius stays above that of a fine one."""
    model = Model(
        torus_kernel(power_law(4, 1.0), 1), Logistic(gain=6.0), np.array([0.1] + [0.3] * 8)
    )
    h = settled_state(model, rng=np.random.default_rng(0))
    fine, coarse = (certificate_constants(model, h, n=n) for n in (512, 24))
    a, b = (certificate_at(c, 10_000, DELTA) for c in (fine, coarse))
    errors = {k.symbol: k.added for k in b.table if k.accuracy == "estimate"}
    assert max(errors.values()) > 1e-6
    eta = {k.symbol: k.value for k in a.table}["eta"]
    assert {k.symbol: k.value for k in b.table}["eta"] >= eta * (1 - 1e-9)


def flat_model():
    """25 modes on the plane torus with one eigenvalue: no direction carries most of the noise."""
    return Model(torus_kernel(power_law(12, 0.0), 2), Logistic(gain=1.5), 0.04 * np.ones(25))


@pytest.mark.checks("thm-certificate")
def test_one_event_and_the_operator_norm_make_the_shift_smaller():
    """Against thm-moved-derivative alone at the same level: 0.8 of it where N is small, 0.75 for a flat
    spectrum; and E2 in operator norm is kept by drawn networks, with teeth."""
    flat = flat_model()
    h = settled_state(flat, rng=np.random.default_rng(0))
    c = certificate_constants(flat, h, n=576, trajectories=False)
    for constants, N, ratio in (
        (circle_constants(), 1000, 0.8),
        (plane_constants()[1], 10_000, 0.8),
        (c, 30_000, 0.75),
    ):
        whole = certificate_at(constants, N, DELTA)
        alone = derivative_shift(constants.spectrum, N, whole.spectral_levels[0]).total
        assert whole.shift < ratio * alone
        assert whole.spectrum.fixed_point == whole.fixed_point  # one zero, one event
    assert {"thm-operator"} <= {
        constant.label for constant in certificate_at(c, 30_000, DELTA).table
    }
    # the mean of Z - EZ over 100 networks of 2000 neurons; the law of Z from 576 nodes
    rng, A, T = (
        np.random.default_rng(3),
        neural_field(flat, 576).derivative(h),
        curvature_tensor(neural_field(flat, 576), h),
    )
    nodes = flat.kernel.space.quadrature(576)
    B = np.linalg.inv(A)
    mean = nodes.weights @ summands(flat, h, T, B, nodes.nodes)
    norms = np.empty(100)
    for i in range(100):
        Z = summands(flat, h, T, B, flat.kernel.space.sample(2000, rng=rng))
        norms[i] = np.linalg.norm((Z.mean(axis=0) - mean).reshape(25, 25), 2)
    bound = c.shift.motion.deviation(2000, DELTA)
    assert bound < best_deviation(c.spectrum.total, 2000, DELTA).deviation
    assert_bound_with_teeth(norms, bound, DELTA, weakened=0.35)


def test_a_kernel_without_fluctuation_is_certified_at_once():
    """Features that do not depend on the location: nothing is random, not even to rounding."""
    constant = finite_rank_kernel(
        circle(), lambda x: np.ones((len(x), 1)), lambda x: np.ones((len(x), 1)), kappa=1.0, omega=1.0
    )  # fmt: skip
    c = certify(Model(constant, Logistic()), 1, DELTA, rng=np.random.default_rng(0))
    assert c.holds and c.shift < 1e-9


# ---- sharpness -----------------------------------------------------------------------------------


def test_the_radius_is_within_two_of_what_is_seen_and_the_posterior_within_a_fifth():
    """Certified alone, where q < 1/2: the states of two populations, the circle, a shifted ring."""
    twisted = Model(shifted_ring(-1.0, 2.0, 0.4), Logistic(gain=2.0), np.array([0.2, 0.3, 0.0]))
    h = settled_state(twisted, rng=np.random.default_rng(0))
    cases = [*plane_constants(), circle_constants(), certificate_constants(twisted, h)]
    for number, case in enumerate(cases):
        constants = replace(case, spectrum=None, trajectories=None)
        N = 4 * least_size(constants, DELTA, Wanted(stability=False)).N
        c = certificate_at(constants, N, DELTA)
        rng = np.random.default_rng([7, number])
        D, posterior = np.empty((2, 250))
        for i in range(250):
            network = finite_network(case.model, N, rng=rng)
            D[i] = np.linalg.norm(newton(network, case.h[None])[0] - case.h)
            posterior[i] = posterior_certificate(network, case.h).radius
        assert c.fixed_point.q < 0.5
        assert c.radius < 2 * np.quantile(D, 0.95)  # measured 1.5 to 1.8
        # a network at the same size: the posterior radius is an upper bound and nearly the distance
        assert (posterior >= D - 1e-9).all()
        moved = D > 1e-9  # a draw with the shares of the field exactly does not move
        assert np.quantile(posterior[moved] / D[moved], 0.95) < 1.2


def drawn_constants(seed):
    """Of the first zero found of a drawn model, for a fixed point alone."""
    model = drawn_model(seed)
    rng = np.random.default_rng([8, seed])
    points = fixed_points(neural_field(model, 1024), rng=rng, starts=12).points
    h = newton(neural_field(model), points[0].h[None], steps=8)[0]
    return certificate_constants(model, h, spectrum=False, trajectories=False), rng


def radius_over_quantile(constants, N, networks, rng):
    """r_- over the 95 % quantile of ||h*_N - h*||, and q."""
    c, h = certificate_at(constants, N, DELTA), constants.h
    drawn = (finite_network(constants.model, N, rng=rng) for _ in range(networks))
    D = [np.linalg.norm(newton(net, h[None], steps=15)[0] - h) for net in drawn]
    return c.radius / np.quantile(D, 0.95), c.fixed_point.q


def test_the_radius_over_drawn_models():
    """Where q < 1/2: within two at four times the least size, for the worst of sixty models and others.

    The first five were the worst by thm-fixed-point alone (1.8 to 2.4). Over the seeds 0..59 and 300
    networks each the ratio was 1.29 to 1.72, its median 1.47. The standard error of a quantile of 150
    networks is 4 to 8 %; nothing here has a false-alarm rate, it is a record.
    """
    ratios = {}
    for seed in (1, 17, 27, 14, 38, 2, 4, 6, 7, 8, 11, 13, 15, 16, 21, 22, 23, 29, 31, 53):
        constants, rng = drawn_constants(seed)
        N = 4 * least_size(constants, DELTA, Wanted(stability=False)).N
        ratios[seed], q = radius_over_quantile(constants, N, 150, rng)
        assert q < 0.5
    sizes = list(ratios.values())
    assert 1.0 < min(sizes) and np.median(sizes) < 1.6 and max(sizes) < 1.9, ratios


def test_the_radius_where_q_is_one_half():
    """At the least N with q < 1/2: six of the largest ratios of sixty models, 1.72 to 1.85, median 1.53.

    By two events for value and slope they were up to 2.13: the factor 1/(1 - eps) where N is about
    ten. Quantiles of 400 networks are known to 4 %; a record as well.
    """
    for seed in (13, 21, 23, 34, 40, 53):
        constants, rng = drawn_constants(seed)
        N = 1
        while certificate_at(constants, N, DELTA).fixed_point.q >= 0.5:
            N += 1
        ratio, _ = radius_over_quantile(constants, N, 400, rng)
        assert ratio < 2.0, (seed, N, ratio)
