"""How far a rate network strays from its neural field, to leading order in N^(-1/2)."""

from __future__ import annotations

import numpy as np

from fieldlimit.checks import Array, finite_array, shaped
from fieldlimit.field import Model, neural_field


def leading_spread(
    model: Model, h0: Array, times: Array, *, n: int | None = None, rtol: float = 1e-6
) -> Array:
    """sqrt(N E ||h_N(t) - h(t)||^2) to leading order, for h_N(0) = h(0) = h0: times (T,) -> (T,).

    The square root of int ||v_x(t)||^2 rho(dx), where v_x(0) = 0 and

        v_x' = DF(h(t)) v_x + w_x phi(h(t, x)) - int w_y phi(h(t, y)) rho(dy).

    (1/sqrt N) times it is a prediction, not a bound. rho is replaced by a quadrature of about n
    nodes; times increase strictly, in units of tau, from 0. Adaptive steps, rtol and rtol/100 a step.
    """
    from scipy.integrate import solve_ivp

    F = neural_field(model, n)
    nodes, r = F.k.shape
    h0, times = shaped("h0", h0, (r,)), finite_array("times", times)
    if times.ndim != 1 or not len(times) or times[0] != 0 or (np.diff(times) <= 0).any():
        raise ValueError(f"times increase strictly from 0, but times = {times}")

    def velocity(_: float, state: Array) -> Array:
        h, v = state[:r], state[r:].reshape(nodes, r)
        drives = F.phi(F.k @ h)[:, None] * F.w  # (nodes, r)
        mean = F.weights @ drives
        linear = F.derivative(h)
        return np.concatenate([-h + F.I + mean, (v @ linear.T + drives - mean).ravel()])

    start = np.concatenate([h0, np.zeros(nodes * r)])
    solution = solve_ivp(
        velocity, (0.0, times[-1]), start, t_eval=times, rtol=rtol, atol=rtol / 100
    )
    v = solution.y[r:].T.reshape(len(times), nodes, r)
    return np.sqrt(((v**2).sum(axis=2) * F.weights).sum(axis=1))
