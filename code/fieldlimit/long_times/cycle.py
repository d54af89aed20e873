"""Limit cycles of fields and networks: period, Floquet multipliers, and how the period scatters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, positive, positive_integer, shaped
from fieldlimit.field import Model, VectorField, flow
from fieldlimit.kernels import features
from fieldlimit.spaces import default_nodes
from fieldlimit.statements import states

STEPS = 20  # of Newton's method
CLOSED = 1e-9  # a computed cycle closes to this


@dataclass(frozen=True, eq=False)
class LimitCycle:
    """A periodic solution of h' = F(h): states (n + 1, r) at n + 1 equispaced times 0, ..., T.

    multipliers: eigenvalues of the monodromy operator, decreasing in modulus; one of them is 1.
    adjoint p (n + 1, r): p' = -DF(h)' p, periodic, <p, F(h)> = 1: the gradient of the phase.
    """

    period: float
    times: Array  # (n + 1,)
    states: Array  # (n + 1, r)
    multipliers: NDArray[np.complexfloating]  # (r,)
    adjoint: Array  # (n + 1, r)

    @property
    def stable(self) -> bool:
        """All multipliers but one lie inside the unit circle."""
        return bool((np.abs(np.delete(self.multipliers, self._trivial)) < 1.0).all())

    @property
    def gap(self) -> float:
        """Distance from 1 of the multipliers but that one: thm-cycle asks that it is positive."""
        return float(np.abs(np.delete(self.multipliers, self._trivial) - 1.0).min(initial=math.inf))

    @property
    def _trivial(self) -> int:
        return int(np.argmin(np.abs(self.multipliers - 1.0)))


def limit_cycle(F: VectorField, guess: Array, period: float, *, n: int = 200) -> LimitCycle:
    """The periodic solution near guess (r,), of about the given period, by Newton's method.

    Unknowns (h, T) of flow_T(h) = h in the hyperplane through guess orthogonal to F(guess). Finds
    unstable cycles as well. ValueError when the iteration does not close to CLOSED.
    """
    h = shaped("guess", guess, F.I.shape)
    T, normal, anchor, r = positive("period", period), F(h), h, len(h)
    for _ in range(STEPS):
        end, monodromy = _variation(F, h, T)
        miss = np.append(end - h, normal @ (h - anchor))
        if np.linalg.norm(miss) < CLOSED:
            break
        matrix = np.block([[monodromy - np.eye(r), F(end)[:, None]], [normal, np.zeros(1)]])
        step = np.linalg.solve(matrix, -miss)
        step *= min(1.0, 0.3 * T / max(abs(step[-1]), 1e-300))
        h, T = h + step[:-1], T + step[-1]
    else:
        raise ValueError(f"a cycle closes to {CLOSED:g}, but after {STEPS} steps: {miss}")
    times = np.linspace(0.0, T, positive_integer("n", n) + 1)
    multipliers = np.linalg.eigvals(monodromy).astype(complex)
    return LimitCycle(
        float(T),
        times,
        flow(F, h, times, rtol=1e-10, atol=1e-12),
        multipliers[np.argsort(-np.abs(multipliers))],
        _adjoint(F, h, times, monodromy),
    )


def attracting_cycle(F: VectorField, start: Array, *, wait: float = 60.0) -> LimitCycle:
    """The cycle that the trajectory from start (r,) has reached after the time `wait`.

    ValueError when it oscillates less than twice within the next `wait`.
    """
    settled = flow(F, start, np.array([0.0, wait]), rtol=1e-4, atol=1e-6)[-1]
    times = np.linspace(0.0, wait, 2001)
    h = flow(F, settled, times, rtol=1e-4, atol=1e-6)
    height = (h - h.mean(axis=0)) @ F(settled)
    up = np.flatnonzero((height[:-1] < 0.0) & (height[1:] >= 0.0))
    if len(up) < 3 or np.ptp(height) < 1e-6:
        raise ValueError(f"the trajectory oscillates, but crosses its mean {len(up)} times")
    return limit_cycle(F, h[up[0]], float(np.diff(times[up]).mean()))


@dataclass(frozen=True)
class PeriodLaw:
    """sqrt N (T_N - T) is asymptotically centred Gaussian with this standard deviation."""

    period: float
    deviation: float  # sigma_T
    error: float  # of it, from the number of times and nodes

    def quantile(self, N: int, delta: float) -> float:
        """|T_N - T| exceeds this with probability delta: a prediction, not a guarantee."""
        from scipy.special import ndtri

        return float(self.deviation / math.sqrt(N) * -ndtri(delta / 2))


@states("thm-cycle")
def period_law(model: Model, cycle: LimitCycle, n: int | None = None) -> PeriodLaw:
    """sigma_T^2 = Var Q, Q(x) = int_0^T phi(h(t)(x)) <p(t), w_x> dt, over a period of the cycle h.

    Each neuron takes its share of advance off the period: T_N - T = -(1/N) sum (Q(x_j) - E Q)
    to first order. p is the adjoint solution; rho by quadrature with about n nodes.
    """
    rule = model.kernel.space.quadrature(default_nodes(model.kernel.space) if n is None else n)
    k, w = features(model.kernel, rule.nodes)

    def spread(stride: int) -> float:
        h, p = cycle.states[:-1:stride], cycle.adjoint[:-1:stride]
        Q = (model.phi(h @ k.T) * (p @ w.T)).mean(axis=0) * cycle.period
        return math.sqrt(max(float(rule.weights @ (Q - rule.weights @ Q) ** 2), 0.0))

    return PeriodLaw(cycle.period, spread(1), abs(spread(1) - spread(2)))


def _variation(F: VectorField, h: Array, T: float) -> tuple[Array, Array]:
    """flow_T(h) and its derivative in h, (r,) and (r, r)."""
    r = len(h)

    def right(y: Array) -> Array:
        return np.concatenate([F(y[:r]), (F.derivative(y[:r]) @ y[r:].reshape(r, r)).ravel()])

    start = np.concatenate([h, np.eye(r).ravel()])
    end = flow(right, start, np.array([0.0, T]), rtol=1e-10, atol=1e-12)[-1]
    return end[:r], end[r:].reshape(r, r)


def _adjoint(F: VectorField, h: Array, times: Array, monodromy: Array) -> Array:
    """p at the times: the left eigenvector of the monodromy at 1, carried backwards from T."""
    values, vectors = np.linalg.eig(monodromy.T)
    p = vectors[:, np.argmin(np.abs(values - 1.0))].real
    p = p / (p @ F(h))
    # Backwards only p is integrated, by Runge and Kutta's method in half steps; the orbit is known
    # forwards. Integrated backwards it would amplify rounding by the inverse of the least multiplier.
    fine = np.linspace(0.0, times[-1], 4 * (len(times) - 1) + 1)
    slopes = [F.derivative(state).T for state in flow(F, h, fine, rtol=1e-10, atol=1e-12)]
    found, step = [p], 2.0 * fine[1]
    for i in range(len(fine) - 1, 0, -2):
        a = slopes[i] @ p
        b = slopes[i - 1] @ (p + step / 2 * a)
        c = slopes[i - 1] @ (p + step / 2 * b)
        p = p + step / 6 * (a + 2 * b + 2 * c + slopes[i - 2] @ (p + step * c))
        found.append(p)
    return np.array(found[::-2])
