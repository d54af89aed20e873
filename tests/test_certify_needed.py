"""How many neurons a certificate needs, and how long it lasts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from calibrated import assert_bound_with_teeth, assert_violations_at_most
from certified import DELTA, circle_constants, circle_model, plane_constants
from fieldlimit.certify import (
    Wanted,
    agreement_time,
    certificate_at,
    least_size,
    neurons_from_spectrum,
    neurons_needed,
    settled_state,
)
from fieldlimit.concentration import spectral_constants
from fieldlimit.explorables.certified_ball import drawn_network
from fieldlimit.field import Model, finite_network, flow
from fieldlimit.fixed_points import fixed_point_constants, neurons_to_certify, newton
from fieldlimit.kernels import power_law, torus_kernel
from fieldlimit.nonlinearities import Logistic

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
