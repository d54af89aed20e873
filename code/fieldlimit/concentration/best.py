"""All guarantees of a point at once, and the least of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fieldlimit.checks import positive_integer, probability
from fieldlimit.concentration.bounds import (
    concentration_deviation,
    mcdiarmid_deviation,
    pinelis_deviation,
)
from fieldlimit.concentration.fluctuations import Fluctuation
from fieldlimit.concentration.moments import cantelli_deviation, cubic_deviation

LABELS: Mapping[str, str] = {
    "mcdiarmid": "thm-mcdiarmid",
    "pinelis": "thm-pinelis",
    "concentration": "thm-concentration",
    "cantelli": "thm-moments",
    "cubic": "thm-moments",
    "sure": "D <= ess sup ||xi||",
}


@dataclass(frozen=True)
class Guarantee:
    """D <= deviation with probability >= 1 - delta, and who says so."""

    deviation: float
    name: str  # key of `every`
    label: str  # of the statement
    every: Mapping[str, float]  # all guarantees, by name


def guarantees(fluctuation: Fluctuation, N: int, delta: float) -> Mapping[str, float]:
    """Every guarantee for D at level delta, by name: see LABELS.

    Each number includes the estimated quadrature error of itself, nothing on a finite space. The
    estimate is no bound: `fluctuation` says what it cannot see when phi is steep.
    "sure" is the trivial one: D is the norm of a mean of vectors no longer than ess sup ||xi||.
    """
    positive_integer("N", N)
    probability("delta", delta)
    bounds: dict[str, Callable[[Fluctuation], float]] = {
        "mcdiarmid": lambda f: mcdiarmid_deviation(N, delta, trace=f.trace, sup=f.sup_Y),
        "pinelis": lambda f: pinelis_deviation(N, delta, trace=f.trace, sup_xi=f.sup_xi),
        "concentration": lambda f: concentration_deviation(
            N, delta, trace=f.trace, top=f.top, sup_xi=f.sup_xi
        ),
        "cantelli": lambda f: cantelli_deviation(delta, m1=f.moments(N).m1, m2=f.moments(N).m2),
        "cubic": lambda f: cubic_deviation(delta, **f.moments(N)._asdict()),
        "sure": lambda f: f.sup_xi,
    }
    return {
        name: bound(fluctuation) + fluctuation.error_of(bound) for name, bound in bounds.items()
    }


def best_deviation(fluctuation: Fluctuation, N: int, delta: float) -> Guarantee:
    """The least of all guarantees: D <= it with probability >= 1 - delta.

    All are numbers fixed before the locations are drawn, so the least is one of them.
    """
    every = guarantees(fluctuation, N, delta)
    name = min(every, key=lambda key: every[key])
    return Guarantee(every[name], name, LABELS[name], every)
