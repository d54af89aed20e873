"""What fails is named, what cannot be certified is refused, and a report can be read."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from certified import DELTA, circle_constants, circle_model, plane_constants
from fieldlimit.certify import certificate_at, certify
from fieldlimit.explorables.certified_ball import populations
from fieldlimit.explorables.flow_plane import ring
from fieldlimit.field import Model, neural_field
from fieldlimit.fixed_points import fixed_points, newton
from fieldlimit.kernels import finite_rank_kernel
from fieldlimit.nonlinearities import Exponential, Logistic, ThresholdLinear
from fieldlimit.spaces import circle

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
    fewer = certificate_at(plane_constants()[2], 2400, DELTA)
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
