"""The measured tightness: its bookkeeping, on the finite test bed where a case costs nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conftest import Point
from fieldlimit.concentration import Case, sample_deviations_together
from fieldlimit.tightness import Row, _quantile, _rows, by_statement, sharpness


@pytest.fixture(scope="module")
def rows(populations: Point) -> list[Row]:
    case = Case(populations.model, populations.h)
    D = sample_deviations_together([case], 200, 1200, rng=np.random.default_rng(51))[0]
    return _rows("populations", case, 200, D)


def test_guarantees_exceed_and_the_prediction_meets_the_quantile(rows: list[Row]) -> None:
    """Ratios to three of their two standard errors: a sanity check; the claims have other tests."""
    seen = {row.name: row for row in rows}
    for name in ("mcdiarmid", "pinelis", "concentration", "cantelli", "cubic", "spectral"):
        assert seen[name].ratio > 1.0
    for name in ("prediction", "mean square"):
        assert abs(seen[name].ratio - 1.0) < 3.0 * seen[name].error
    assert seen["cubic"].ratio < seen["cantelli"].ratio < seen["mcdiarmid"].ratio
    assert seen["lower"].ratio > 1.0


def test_sharpness_is_the_worst_case_of_the_best_guarantee(rows: list[Row]) -> None:
    """The finite test bed once as it is and once, half as sharp, under a sparse name."""
    sparse = [replace(row, family="sparse " + row.family, ratio=2.0 * row.ratio) for row in rows]
    seen = {row.name: row.ratio for row in rows}
    worst = sharpness(rows + sparse)
    assert worst["best"] == seen["cubic"]
    assert worst["sparse"] == 2.0 * seen["cubic"]
    assert worst["tolerance"] == 2.0 * seen["tolerance"]


def test_the_ledger_gets_a_number_for_each_statement(rows: list[Row]) -> None:
    torus = [
        Row("torus, gain 4", d, 0, "cubic", "thm-moments", 1.2, 0.1, q)
        for d, q in [(1, 2.0), (3, 3.0)]
    ]
    table = by_statement(rows + torus)
    assert table["prop-same-spectrum"][0] == pytest.approx(1.5)
    assert "to 1.20 over 2 cases" not in table["thm-moments"][1]
    assert "over 4 cases" in table["thm-moments"][1]
    assert set(table) >= {
        "thm-mean-square",
        "prop-lower",
        "thm-mcdiarmid",
        "thm-clt",
        "thm-tolerance",
    }


def test_cases_together_share_their_locations(torus: Point) -> None:
    """One kernel, two orders of derivative: the same as drawing each alone from the same seed."""
    cases = [Case(torus.model, torus.h, m) for m in (0, 1)]
    together = sample_deviations_together(cases, 300, 70, rng=np.random.default_rng(5))
    for case, D in zip(cases, together, strict=True):
        alone = sample_deviations_together([case], 300, 70, rng=np.random.default_rng(5))[0]
        assert np.array_equal(D, alone)
    kernel = replace(torus.model.kernel)  # equal in all, another object
    other = Case(replace(torus.model, kernel=kernel), torus.h)
    with pytest.raises(ValueError, match="the cases share one kernel object"):
        sample_deviations_together([cases[0], other], 10, 2, rng=np.random.default_rng(5))


def test_quantile_error_is_that_of_order_statistics() -> None:
    """Over 300 samples of 1000 uniforms the quantile scatters as the estimate says, within 30 %."""
    draws = np.random.default_rng(52).random((300, 1000))
    values = np.array([_quantile(row) for row in draws])
    assert np.std(values[:, 0]) == pytest.approx(np.mean(values[:, 0] * values[:, 1]), rel=0.3)
