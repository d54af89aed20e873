"""Certificates: each part against its own chapter, each claim with teeth, each refusal by name."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from calibrated import assert_bound_with_teeth, assert_violations_at_most
from drawn import drawn_model
from fieldlimit.certify import (
    Budget,
    Wanted,
    agreement_time,
    certificate_at,
    certificate_constants,
    certify,
    least_size,
    neurons_from_spectrum,
    neurons_needed,
    settled_state,
    truncated_fixed_point,
)
from fieldlimit.concentration import best_deviation, spectral_constants
from fieldlimit.eigenvalues import derivative_shift
from fieldlimit.eigenvalues.summands import curvature_tensor, summands
from fieldlimit.explorables.certified_ball import drawn_network, populations
from fieldlimit.explorables.flow_plane import ring
from fieldlimit.field import Model, finite_network, flow, neural_field
from fieldlimit.fixed_points import (
    fixed_point_certificate,
    fixed_point_constants,
    fixed_points,
    local_certificate,
    neurons_to_certify,
    newton,
    posterior_certificate,
)
from fieldlimit.kernels import (
    finite_rank_kernel,
    gaussian_kernel,
    power_law,
    shifted_ring,
    torus_kernel,
)
from fieldlimit.nonlinearities import Exponential, Logistic, ThresholdLinear
from fieldlimit.spaces import Torus, circle

DELTA = 0.05


def circle_model(pairs=5):
    r = 1 + 2 * pairs
    return Model(
        torus_kernel(power_law(pairs, 2.0), 1), Logistic(gain=2.0), 0.2 * np.ones(r) / np.sqrt(r)
    )


@lru_cache(maxsize=1)
def circle_constants():
    model = circle_model()
    return certificate_constants(model, settled_state(model, rng=np.random.default_rng(0)))


@lru_cache(maxsize=1)
def plane_constants():
    """The silent state, the active one and the saddle of two populations."""
    model = populations(2.5)
    found = fixed_points(neural_field(model), rng=np.random.default_rng(1)).points
    return tuple(certificate_constants(model, point.h) for point in found)


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
    assert_bound_with_teeth(shift, c.shift, DELTA, weakened=0.25)
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
        parts, shares = (constants.fixed_point, constants.curvature), (0.75, 0.2, 0.02, 0.03)
        alone = local_certificate(*parts, 20_000, level, shares=shares)
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
        alone = derivative_shift(constants.spectrum, N, whole.budget.levels[1]).total
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


# ---- what fails, by name -------------------------------------------------------------------------


def test_failing_hypotheses_are_named():
    model, h = circle_constants().model, circle_constants().h
    moved = certify(model, 1000, DELTA, h=h + 0.1)
    assert not moved.holds and moved.radius == math.inf and not moved.same_type
    assert moved.reason.startswith("F(h*) = 0 is needed") and "leads to a zero" in moved.reason
    bump = ring(2.0)
    point = next(
        p
        for p in fixed_points(neural_field(bump), rng=np.random.default_rng(2)).points
        if p.neutral_directions
    )
    assert "h* is degenerate" in certify(bump, 1000, DELTA, h=point.h).reason
    assert "q < 1 is needed" in certificate_at(circle_constants(), 20, DELTA).reason
    assert "eps < 1 is needed" in certificate_at(plane_constants()[2], 5, DELTA).reason
    few = certificate_at(plane_constants()[0], 300, DELTA)
    assert [claim.holds for claim in few.claims] == [True, True, True, False]
    fewer = certificate_at(plane_constants()[2], 2500, DELTA)
    assert [claim.holds for claim in fewer.claims] == [True, False, True, True]
    assert "shift < stability radius is needed" in fewer.reason
    far = certify(model, 1000, DELTA, h=h, start=h + 20.0)
    assert "h(0) is closer than" in far.claims[-1].reason and far.claims[0].holds
    for c in (moved, few, far):
        assert "Not certified" in str(c) and "Not certified" in c._repr_html_()


def test_bad_models_are_refused():
    kernel, h = circle_model().kernel, circle_constants().h
    with pytest.raises(ValueError, match="phi is of class C"):
        certify(Model(kernel, ThresholdLinear()), 100, DELTA, h=h)
    calm = Model(kernel, Exponential(0.05, 0.5))
    zero = newton(neural_field(calm), np.zeros((1, 11)))[0]
    with pytest.raises(ValueError, match="phi is bounded, or h is given instead of rng"):
        certify(calm, 100, DELTA, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="phi is of class C"):
        certify(Model(kernel, ThresholdLinear()), 100, DELTA, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"phi\^\(2\) is bounded"):
        certify(calm, 100, DELTA, h=zero)
    assert certify(calm, 10_000, DELTA, h=zero, reach=1.0, trajectories=False).holds
    endless = finite_rank_kernel(
        circle(), lambda x: np.ones((len(x), 1)), lambda x: np.ones((len(x), 1)), kappa=math.inf, omega=1.0
    )  # fmt: skip
    with pytest.raises(ValueError, match="finite trace"):
        certify(Model(endless, Logistic()), 100, DELTA, h=np.zeros(1))
    with pytest.raises(ValueError, match="h or rng is given"):
        certify(circle_model(), 100, DELTA)
    with pytest.raises(ValueError, match="has one stable zero, but it has 2"):
        certify(populations(2.5), 100, DELTA, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="delta is a probability"):
        certify(circle_model(), 100, 1.2, h=h)


# ---- how many neurons ----------------------------------------------------------------------------


@pytest.mark.checks("thm-certificate")
def test_the_least_size_is_least():
    constants = circle_constants()
    wanted = Wanted(radius=0.1, shift=0.08, trajectories=True, error=0.2)
    found = least_size(constants, DELTA, wanted)
    assert not wanted.missing(certificate_at(constants, found.N, DELTA))
    assert wanted.missing(certificate_at(constants, found.N - 1, DELTA))
    assert int(found) == found.N == max(found.alone.values()) and found.short
    for N in np.unique(np.geomspace(found.N, 100 * found.N, 40).astype(int)):
        assert not wanted.missing(certificate_at(constants, int(N), DELTA, discs=False))
    more = least_size(constants, DELTA, replace(wanted, radius=0.05))
    assert more.N > found.N
    alone = neurons_needed(constants.model, DELTA, h=constants.h, stability=False)
    assert alone.N <= neurons_to_certify(constants.fixed_point, DELTA)
    implied = neurons_needed(constants.model, DELTA, h=constants.h, error=0.2)
    assert implied.certificate.error <= 0.2 and "error" in implied.alone
    assert str(found.N) in str(found) and f"{found.N:,}" in found._repr_html_()


def test_what_cannot_be_had_is_said():
    with pytest.raises(ValueError, match="at N = 50: eps < 1 is needed"):
        least_size(plane_constants()[2], DELTA, Wanted(), most=50)
    with pytest.raises(ValueError, match="h\\* is degenerate|F\\(h\\*\\) = 0"):
        neurons_needed(circle_model(), DELTA, h=np.ones(11))


@pytest.mark.checks("cor-neurons-spectrum")
def test_the_closed_form_is_enough_and_dimension_free():
    """N from the spectrum exceeds the certified N, at every model tried; the same for d = 1 and 7."""
    numbers = []
    for d in (1, 7):
        model = Model(torus_kernel(power_law(3, 2.0), d), Logistic(gain=2.0))
        h = settled_state(model, rng=np.random.default_rng(0))
        c = fixed_point_constants(model, h, n=512)
        N = neurons_from_spectrum(
            spectral_constants(model.kernel),
            DELTA,
            inverse=float(np.linalg.norm(c.B, 2)),
            phi=(1.0, 0.5, model.phi.sup(2)),
        )
        numbers.append(N)
        assert neurons_to_certify(c, DELTA) < N
        Theta = math.sqrt(model.kernel.nuclear_norm) + model.kernel.omega * math.sqrt(
            2 * math.log(2 / DELTA)
        )
        promised = 4 * np.linalg.norm(c.B, 2) * Theta / math.sqrt(math.ceil(N))
        rng = np.random.default_rng(3)
        D = np.array(
            [
                np.linalg.norm(
                    newton(finite_network(model, math.ceil(N), rng=rng), h[None], steps=6)[0] - h
                )
                for _ in range(40)
            ]
        )
        assert_bound_with_teeth(D, promised, DELTA, weakened=0.02)
    # the state is constant: the field is the same in every d, up to the quadrature of h*
    assert numbers[0] == pytest.approx(numbers[1], rel=0.02)


# ---- how long ------------------------------------------------------------------------------------


@pytest.mark.checks("prop-agreement-time")
@pytest.mark.parametrize("seed", range(5))
def test_the_time_is_the_integral(seed):
    """Closed form against quadrature, to 1e-6, and against the differential equation."""
    rng = np.random.default_rng(seed)
    for _ in range(20):
        x, b, y = 10 ** rng.uniform(-4, 0), rng.normal(), 10 ** rng.uniform(-2, 0.5)
        La = float(rng.choice([0.0, 10 ** rng.uniform(-2, 1)]))
        parabola = np.polynomial.Polynomial([x, b, La / 2])
        T = agreement_time(x, b, La, y)
        if parabola(np.linspace(0, y, 20_001)).min() <= 0:
            assert math.inf == T
            continue
        bottom = [np.clip(-b / La, 0, y)] if La else []
        by_hand = quad(lambda s, p: 1 / p(s), 0, y, args=(parabola,), limit=500, points=bottom)[0]
        assert pytest.approx(by_hand, rel=1e-6) == T
        end = solve_ivp(
            lambda _, s, p: p(s), (0, T), [0.0], args=(parabola,), rtol=1e-9, atol=1e-12
        )
        assert end.y[0, -1] == pytest.approx(y, rel=1e-4)
    assert agreement_time(0.0, 1.0, 1.0, 0.1) == math.inf
    assert agreement_time(0.01, 0.1, 0.5, 0.2) == pytest.approx(10.0)  # the double zero
    assert agreement_time(0.01, 0.0, 0.0, 0.2) == pytest.approx(20.0)
    # a double zero inside the interval, up to rounding: very long, and never negative
    for off in (1e-9, 1e-11, 1e-13, 0.0, -1e-13):
        assert agreement_time(1.0, -1.0, 0.5 * (1 + off), 3.0) > 1e4
    assert agreement_time(1.0, -1.0, 0.5 * (1 + 1e-13), 1.0) == pytest.approx(2.0)


@pytest.mark.checks("prop-agreement-time")
def test_networks_stay_at_the_saddle_for_the_promised_time():
    """300 networks from the saddle: within the tolerance up to T; not up to 4 T, so it has teeth."""
    saddle, N = plane_constants()[2], 100_000
    c = certificate_at(saddle, N, DELTA)
    T, rng = c.time, np.random.default_rng(4)
    assert 1.0 < T < math.inf and c.error == math.inf
    late = early = 0
    for _ in range(300):
        network = drawn_network(saddle.model, N, rng)
        path = flow(network, saddle.h, np.array([0.0, T, 4 * T]), rtol=1e-8)
        away = np.linalg.norm(path - saddle.h, axis=1)
        early += away[1] > 0.1
        late += away[2] > 0.1
    assert_violations_at_most(int(early), 300, DELTA)
    with pytest.raises(AssertionError):
        assert_violations_at_most(int(late), 300, DELTA)
    # a hundred times the neurons: log 10 / growth later
    longer = certificate_at(saddle, 100 * N, DELTA).time
    assert longer - T == pytest.approx(math.log(10) / 0.7, rel=0.4)


# ---- the whole kernel ----------------------------------------------------------------------------


@pytest.mark.checks("prop-truncated-fixed-point")
@pytest.mark.parametrize("rank", [5, 7, 9, 11])
def test_the_zero_of_the_whole_field_is_as_near_as_promised(rank):
    """A wrapped Gaussian with 41 modes against fewer: within 2.1 times, 1.2 times with s' given."""
    whole = gaussian_kernel(Torus(1), 0.6, 41)
    part = gaussian_kernel(Torus(1), 0.6, rank)
    I = np.zeros(41)
    I[:3] = 0.1, 0.3, 0.0
    few, many = (
        Model(k, Logistic(gain=3.0), I[: k.rank])
        for k in (part, whole)
    )  # fmt: skip
    h, g = (settled_state(m, rng=np.random.default_rng(0)) for m in (few, many))
    distance = np.linalg.norm(g - np.concatenate([h, np.zeros(41 - rank)]))
    given = float(whole.singular_values[rank])
    for dropped, factor in ((None, 2.2), (given, 1.2)):
        radii = truncated_fixed_point(few, h, dropped=dropped)
        assert distance <= radii.existence < factor * distance
        assert radii.existence < radii.uniqueness


@pytest.mark.checks("prop-truncated-fixed-point")
def test_truncation_is_said_and_refused():
    kernel = gaussian_kernel(Torus(1), 0.6, 5)
    model = Model(kernel, Logistic(gain=3.0))
    h = settled_state(model, rng=np.random.default_rng(0))
    assert "The kernel is truncated" in str(certify(model, 1000, DELTA, h=h))
    with pytest.raises(ValueError, match="the whole kernel has a finite trace"):
        truncated_fixed_point(replace(model, kernel=replace(kernel, tail=math.inf)), h)
    with pytest.raises(ValueError, match="native features"):
        truncated_fixed_point(populations(2.5), np.zeros(2))


# ---- how it reads --------------------------------------------------------------------------------


def test_reports_are_readable_and_accessible():
    c = certificate_at(circle_constants(), 1000, DELTA)
    lines = str(c).splitlines()
    assert lines[0] == "Certificate for 1,000 neurons at level delta = 0.05"
    assert all(len(line) < 140 for line in lines)
    assert "thm-fixed-point" in str(c) and "union bound" in str(c)
    html = c._repr_html_()
    assert html.count("<caption>") == html.count("<table") == 3
    assert html.count('scope="col"') == 3 + 5 + 3
    assert html.count('scope="row"') == len(c.claims) + len(c.table) + len(c.events)
    ET.fromstring(html.replace("&lt;", "(").replace("&gt;", ")").replace("&amp;", "+"))


def test_printed_bounds_are_rounded_outwards():
    c = certificate_at(circle_constants(), 1000, DELTA)
    words = c.claims[0].answer.replace(",", "").split()
    radius, unique = (float(word.rstrip(".")) for word in words if word[0].isdigit())
    assert radius >= c.radius and unique <= c.uniqueness


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
    networks each the ratio was 1.28 to 1.76, its median 1.54. The standard error of a quantile of 150
    networks is 4 to 8 %; nothing here has a false-alarm rate, it is a record.
    """
    ratios = {}
    for seed in (1, 17, 27, 14, 38, 2, 4, 6, 7, 8, 11, 13, 15, 16, 21, 22, 23, 29, 31, 53):
        constants, rng = drawn_constants(seed)
        N = 4 * least_size(constants, DELTA, Wanted(stability=False)).N
        ratios[seed], q = radius_over_quantile(constants, N, 150, rng)
        assert q < 0.5
    sizes = list(ratios.values())
    assert 1.0 < min(sizes) and np.median(sizes) < 1.65 and max(sizes) < 2.0, ratios


def test_the_radius_where_q_is_one_half():
    """At the least N with q < 1/2: the six largest ratios of sixty models, 1.96 to 2.13 (1500 networks).

    Above two only where N = 8 or 11, and eps about 1/4: the factor 1/(1 - eps). Quantiles of 400
    networks are known to 4 %; a record as well.
    """
    for seed in (13, 23, 31, 34, 40, 53):
        constants, rng = drawn_constants(seed)
        N = 1
        while certificate_at(constants, N, DELTA).fixed_point.q >= 0.5:
            N += 1
        ratio, _ = radius_over_quantile(constants, N, 400, rng)
        eps = certificate_at(constants, N, DELTA).fixed_point.eps
        assert ratio < 2.25 and ratio * (1 - eps) < 1.7, (seed, N, ratio, eps)
