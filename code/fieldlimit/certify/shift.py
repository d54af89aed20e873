"""How far the derivative moves, ||DF_N(h*_N) - A||, with the event of the fixed point paid for already.

What is random in it is the mean of independent operators, of contributions to DF_N(h*) or of those to
first order at h*_N; both are bounded in Hilbert-Schmidt and in operator norm, and the least counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from fieldlimit.checks import Array
from fieldlimit.concentration import Fluctuation, best_deviation, guarantees
from fieldlimit.concentration.fluctuations import replicate_error
from fieldlimit.eigenvalues import EigenvalueConstants, SpectralCertificate, spectral_certificate
from fieldlimit.eigenvalues.certificate import FIRST_ORDER
from fieldlimit.eigenvalues.summands import curvature_tensor, quadratures, summands
from fieldlimit.field import Model, neural_field
from fieldlimit.fixed_points import Certificate
from fieldlimit.operator_norm import (
    OperatorFluctuation,
    operator_deviation,
    operator_fluctuation,
    operator_guarantees,
)

LABELS: Mapping[str, str] = {"bernstein": "thm-operator", "schatten": "thm-schatten"}
ROUNDING = 1e-12  # relative to sup^2: a variance below it may be rounding alone


@dataclass(frozen=True)
class MotionVariance:
    """What thm-operator asks of Z - EZ, the contribution of a neuron to DF_N(h*_N) to first order."""

    trace: float  # s_1
    variance: float  # max(||E xi xi*||, ||E xi* xi||)
    sup: float  # >= ess sup ||xi||, in Hilbert-Schmidt norm
    replicates: tuple[MotionVariance, ...] = ()  # the same from other rules

    def deviation(self, N: int, delta: float) -> float:
        """||(1/N) sum_j Z_j - EZ|| <= it with probability >= 1 - delta, quadrature error included."""
        value, *others = (
            operator_deviation(N, delta, trace=m.trace, variance=m.variance, sup_op=m.sup)
            for m in (self, *self.replicates)
        )
        return value + replicate_error(value, others)


@dataclass(frozen=True, eq=False)
class ShiftLaws:
    """The random operators of a shift, in operator norm."""

    derivative: OperatorFluctuation  # of w_x phi'(h(x)) (x) k_x
    motion: MotionVariance | None  # of Z; None where phi is not C^3


def shift_laws(
    model: Model, h: Array, constants: EigenvalueConstants, n: int | None = None
) -> ShiftLaws:
    """At the zero h (r,) of F whose constants these are, by rules with about n nodes."""
    derivative = operator_fluctuation(model, h, n, hs=constants.derivative)
    if constants.total is None:
        return ShiftLaws(derivative, None)
    T, B = curvature_tensor(neural_field(model, n), h), constants.fixed_point.B
    sup = constants.total.sup_xi
    whole, *others = (
        _motion(summands(model, h, T, B, x), p, sup) for x, p in quadratures(model.kernel.space, n)
    )
    return ShiftLaws(derivative, MotionVariance(*whole, tuple(MotionVariance(*m) for m in others)))


def moved_spectrum(
    constants: EigenvalueConstants,
    laws: ShiftLaws,
    fixed_point: Certificate,
    delta: float,
    *,
    discs: bool,
) -> SpectralCertificate:
    """`spectral_certificate` on the event of the fixed point and one more, of level delta."""
    N = fixed_point.N
    E1 = fixed_part(laws, N, delta).value
    first = first_order_part(constants, laws, N, FIRST_ORDER * delta)
    E2 = first.value if first else None
    return spectral_certificate(
        constants, N, delta, E1=E1, E2=E2, fixed_point=fixed_point, discs=discs
    )


@dataclass(frozen=True)
class RandomPart:
    """A bound of a random operator: its value, the statement, the error of quadrature in it."""

    value: float
    label: str
    added: float


def fixed_part(laws: ShiftLaws, N: int, delta: float) -> RandomPart:
    """||DF_N(h*) - A|| <= value with probability >= 1 - delta."""
    law = laws.derivative
    if not _fluctuates((part.variance, part.sup_op) for part in (law, *law.replicates)):
        return of_chapter_7(law.hs, N, delta)
    every = operator_guarantees(law, N, delta)
    name = min(every, key=lambda key: every[key])
    if name not in LABELS:
        return of_chapter_7(law.hs, N, delta)
    bare = operator_guarantees(replace(law, replicates=()), N, delta)[name]
    return RandomPart(every[name], LABELS[name], every[name] - bare)


def first_order_part(
    constants: EigenvalueConstants, laws: ShiftLaws, N: int, delta: float
) -> RandomPart | None:
    """||(1/N) sum_j Z_j - EZ|| <= value with probability >= 1 - delta; None where phi is not C^3."""
    if constants.total is None or laws.motion is None:
        return None
    law, by_trace = laws.motion, of_chapter_7(constants.total, N, delta)
    if not _fluctuates((part.variance, part.sup) for part in (law, *law.replicates)):
        return by_trace
    value = law.deviation(N, delta)
    if by_trace.value <= value:
        return by_trace
    bare = replace(law, replicates=()).deviation(N, delta)
    return RandomPart(value, LABELS["bernstein"], value - bare)


def of_chapter_7(law: Fluctuation, N: int, delta: float) -> RandomPart:
    """The least guarantee in Hilbert-Schmidt norm."""
    best = best_deviation(law, N, delta)
    label = best.label if best.label.startswith("thm-") else "thm-moved-derivative"
    bare = guarantees(replace(law, replicates=()), N, delta)[best.name]
    return RandomPart(best.deviation, label, best.deviation - bare)


def _fluctuates(parts: Iterable[tuple[float, float]]) -> bool:
    """By every rule, the variance is more than rounding; else the bounds of chapter 7 will do."""
    return all(variance > ROUNDING * sup**2 for variance, sup in parts)


def _motion(Z: Array, weights: Array, sup: float) -> tuple[float, float, float]:
    """Trace, variance and sup of Z - EZ for rows Z (n, r^2) with weights (n,)."""
    r = round(Z.shape[1] ** 0.5)
    xi = (np.sqrt(weights)[:, None] * (Z - weights @ Z)).reshape(-1, r, r)
    left = np.tensordot(xi, xi, axes=([0, 2], [0, 2]))  # E xi xi*
    right = np.tensordot(xi, xi, axes=([0, 1], [0, 1]))  # E xi* xi
    norms = (float(np.linalg.eigvalsh(a)[-1]) for a in (left, right))
    return float(np.trace(left)), max(norms), sup
