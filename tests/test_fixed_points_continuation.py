"""Curves of zeros: folds and branch points known in closed form, and the search as a second route."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fieldlimit.explorables.certified_ball import drawn_network, populations
from fieldlimit.explorables.two_diagrams import one_memory
from fieldlimit.field import Model, finite_network, neural_field
from fieldlimit.fixed_points import continuation, diagram, fixed_points
from fieldlimit.kernels import population_kernel
from fieldlimit.nonlinearities import Logistic

ONE = neural_field(Model(population_kernel(np.array([[4.0]]), [1.0]), Logistic(), [-2.0]))


def gains(F, rate=1.0):
    return lambda gain: replace(F, phi=Logistic(rate, gain))


def inputs(F, gain):
    """-h + p + 4 phi(h): folds where 4 phi'(h) = 1."""
    return lambda p: replace(F, phi=Logistic(1.0, gain), I=np.array([p]))


def test_folds_of_a_scalar_field_in_closed_form():
    """gain g: 4 g s(1 - s) = 1 with s the rate at the fold; then h = logit(s)/g, p = h - 4s."""
    g = 2.0
    s = (1 + np.array([-1, 1]) * np.sqrt(1 - 1 / g)) / 2
    h = np.log(s / (1 - s)) / g
    curve = continuation(inputs(ONE, g), np.array([-3.97]), -4.0, interval=(-4.0, 0.0))
    found = sorted((f.parameter, f.h[0]) for f in curve.folds)
    expected = sorted(zip(h - 4 * s, h, strict=True))
    np.testing.assert_allclose(found, expected, atol=1e-5)  # 1e-8 in arclength, a square root in h
    assert curve.parameters[-1] == pytest.approx(0.0, abs=1e-9) and not curve.branch_points
    fields = [inputs(ONE, g)(p)(h) for p, h in zip(curve.parameters, curve.states, strict=True)]
    assert np.abs(fields).max() < 1e-8
    changes = np.flatnonzero(np.diff(curve.stable.astype(int)))
    assert len(changes) == 2  # stable, then the saddles between the folds, then stable


def test_pitchfork_of_a_scalar_field():
    """4 gain/4 = 1 at h = 0: three curves meet at gain 1; on the outer ones h^2 grows with gain."""
    curves = diagram(gains(ONE), (0.3, 3.0), rng=np.random.default_rng(0))
    assert len(curves) == 3
    trivial, *outer = sorted(curves, key=lambda c: np.abs(c.states).max())
    assert trivial.branch_points[0].parameter == pytest.approx(1.0, abs=1e-6)
    assert np.abs(trivial.states).max() < 1e-9 and trivial.stable[0] and not trivial.stable[-1]
    assert all(c.stable[1:].all() for c in outer)
    ends = sorted(c.states[-1, 0] for c in outer)
    assert ends[0] == pytest.approx(-ends[1], abs=1e-8)


def test_branches_of_branches_are_followed():
    """Two coupled cells, the gain raised and lowered again: all nine zeros in between lie on curves
    that only branch points join to the one curve seen at the ends; four of them two crossings away."""
    J = np.array([[8.0, 0.8], [0.8, 8.0]])
    F = neural_field(Model(population_kernel(J, [0.5, 0.5]), Logistic(), -J.sum(axis=1) / 4))

    def humped(p):
        return replace(F, phi=Logistic(1.0, 0.6 + 1.9 * (1 - p**2)))

    curves = diagram(humped, (-1.0, 1.0), rng=np.random.default_rng(0), samples=2)
    found = fixed_points(humped(0.1), rng=np.random.default_rng(0)).points
    assert len(found) == 9
    for point in found:
        x = np.append(point.h, 0.05)
        tables = [np.column_stack([c.states, c.parameters / 2]) for c in curves]
        assert min(np.linalg.norm(t - x, axis=1).min() for t in tables) < 0.03  # half a step


def test_a_network_has_no_pitchfork():
    """H = R: one curve through, and one with a fold beyond gain 1."""
    for seed in range(3):
        F = finite_network(one_memory(1.0), 200, rng=np.random.default_rng(seed))
        curves = diagram(gains(F, 4.0), (0.4, 2.0), rng=np.random.default_rng(0), step=0.1)
        special = [point for curve in curves for point in curve.special]
        assert len(curves) == 2 and [point.kind for point in special] == ["fold"]
        assert special[0].parameter > 1.0


@pytest.mark.parametrize("N", [0, 100])
def test_the_diagram_and_the_search_agree_at_every_gain(N):
    """Two routes: zeros read off the curves, and zeros searched at that gain."""
    model = populations(2.0)
    F = drawn_network(model, N, np.random.default_rng(3)) if N else neural_field(model)
    curves = diagram(gains(F), (1.0, 4.0), rng=np.random.default_rng(0))
    for gain in (1.23, 2.4, 3.1, 3.9):
        found = fixed_points(gains(F)(gain), rng=np.random.default_rng(1)).points
        read = []
        for c in curves:
            for i in np.flatnonzero(np.diff(np.sign(c.parameters - gain)) != 0):
                share = (gain - c.parameters[i]) / (c.parameters[i + 1] - c.parameters[i])
                read.append(c.states[i] + share * (c.states[i + 1] - c.states[i]))
        assert len(read) == len(found)
        for h in read:  # a chord of length 0.05
            assert min(np.linalg.norm(h - p.h) for p in found) < 5e-3


def test_continuation_errors():
    with pytest.raises(ValueError, match="an interval has low < high"):
        continuation(gains(ONE), np.zeros(1), 1.0, interval=(2.0, 1.0))
    with pytest.raises(ValueError, match="parameter lies in"):
        continuation(gains(ONE), np.zeros(1), 3.0, interval=(1.0, 2.0))
    with pytest.raises(ValueError, match="h is a zero at parameter 2.0, but"):
        continuation(gains(ONE), np.array([1.0]), 2.0, interval=(1.0, 3.0))
