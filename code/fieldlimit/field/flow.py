"""Trajectories of dh/dt = F(h)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fieldlimit.checks import Array, finite_array, positive, positive_integer


def flow(
    F: Callable[[Array], Array],
    h0: Array,
    times: Array,
    *,
    rtol: float = 1e-8,
    atol: float = 1e-10,
) -> Array:
    """h at the given times, where h' = F(h) and h(times[0]) = h0: shape (T, r).

    times (T,), strictly increasing, in units of tau. Dormand and Prince's method of order 8 with
    adaptive steps (scipy.integrate.solve_ivp, DOP853); the estimated error of a step, over atol +
    rtol |h| coordinate by coordinate, is at most 1 in mean square. A phi with a kink costs more steps,
    not accuracy. RuntimeError when the solution cannot be continued to times[-1].
    """
    from scipy.integrate import solve_ivp

    h0, times = finite_array("h0", h0), finite_array("times", times)
    if h0.ndim != 1 or times.ndim != 1 or not len(times):
        raise ValueError(f"h0 and times are vectors, but shapes are {h0.shape} and {times.shape}")
    if (np.diff(times) <= 0).any():
        raise ValueError(f"times increase strictly, but a step is {np.diff(times).min()}")
    if len(times) == 1:
        return h0[None, :].copy()
    solution = solve_ivp(
        lambda _, h: F(h),
        (times[0], times[-1]),
        h0,
        method="DOP853",
        t_eval=times,
        rtol=positive("rtol", rtol),
        atol=positive("atol", atol),
    )
    if not solution.success:
        raise RuntimeError(f"the flow stopped at t = {solution.t[-1]}: {solution.message}")
    return solution.y.T


def runge_kutta(F: Callable[[Array], Array], h0: Array, step: float, steps: int) -> Array:
    """h at 0, step, 2 step, ..., where h' = F(h) and h(0) = h0: (steps + 1, ...), h0 of any shape.

    The classical method of order 4, for many short trajectories at once: the error is O(step^4) for
    an F of class C^4, and is neither estimated nor controlled.
    """
    step, steps = positive("step", step), positive_integer("steps", steps)
    h = np.asarray(h0, dtype=float)
    path = np.empty((steps + 1, *h.shape))
    path[0] = h
    for i in range(steps):
        a = F(h)
        b = F(h + step / 2 * a)
        c = F(h + step / 2 * b)
        h = h + step / 6 * (a + 2 * b + 2 * c + F(h + step * c))
        path[i + 1] = h
    return path
