"""The two integrals of an exponential in which every bound of the classical route is written."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import Array, finite

_SMALL = 1e-3  # below it the series: the first term left out is 1e-12 / 120, relative


def growth(rate: float, t: ArrayLike) -> Array:
    """int_0^t e^{rate s} ds = (e^{rate t} - 1)/rate, and t when rate = 0; inf where it overflows.

    t >= 0, any shape; the same shape comes back.
    """
    t = elapsed(t)
    x = finite("rate", rate) * t
    near = np.abs(x) < _SMALL
    with np.errstate(over="ignore"):
        far = np.expm1(x) / np.where(near, 1.0, x)
    return t * np.where(near, 1 + x / 2 + x**2 / 6 + x**3 / 24, far)


def growth_integral(rate: float, t: ArrayLike) -> Array:
    """int_0^t growth(rate, s) ds = (growth(rate, t) - t)/rate, and t^2/2 when rate = 0."""
    t = elapsed(t)
    x = finite("rate", rate) * t
    near = np.abs(x) < _SMALL
    with np.errstate(over="ignore"):
        far = (np.expm1(x) - x) / np.where(near, 1.0, x) ** 2
    return t**2 * np.where(near, 1 / 2 + x / 6 + x**2 / 24 + x**3 / 120, far)


def weighted_past(times: Array, values: Array, rate: float) -> Array:
    """int_0^t e^{rate (t - s)} f(s) ds at the given times, f piecewise linear: (T,) -> (T,).

    times (T,) increase strictly from 0; values (T,) of f at them. Exact for such an f; for a
    smooth one the error is at most the largest step squared times sup |f''|/8 times growth.
    """
    times, values = on_a_grid(times, values)
    result = np.zeros(len(times))
    for i, step in enumerate(np.diff(times)):
        slope = (values[i + 1] - values[i]) / step
        new = values[i] * growth(rate, step) + slope * growth_integral(rate, step)
        result[i + 1] = np.exp(rate * step) * result[i] + new
    return result


def weighted_past_of_root(times: Array, squares: Array, rate: float) -> Array:
    """int_0^t e^{rate (t - s)} sqrt(g(s)) ds at the given times, g smooth: (T,) -> (T,).

    times (T,) increase strictly from 0; squares (T,) of g >= 0 at them. sqrt g may start as sqrt t,
    which a linear interpolation would cut off. g is the cubic spline through the values (where that
    is negative, 0); s = a + step v^2 in each interval and 16 nodes of Gauss and Legendre in v, so
    that the integrand is smooth in v. The error is that of the spline, of order step^4.
    """
    from scipy.interpolate import CubicSpline

    times, squares = on_a_grid(times, squares)
    result = np.zeros(len(times))
    if len(times) == 1:
        return result
    nodes, weights = np.polynomial.legendre.leggauss(16)
    v, weights = (nodes + 1) / 2, weights / 2
    steps = np.diff(times)[:, None]
    g = CubicSpline(times, squares)(times[:-1, None] + steps * v**2)  # (T - 1, 16)
    integrand = np.exp(rate * steps * (1 - v**2)) * np.sqrt(np.maximum(g, 0.0))
    new = (integrand * 2 * v * steps) @ weights
    for i, step in enumerate(steps[:, 0]):
        result[i + 1] = np.exp(rate * step) * result[i] + new[i]
    return result


def elapsed(t: ArrayLike) -> Array:
    """Times as floats >= 0, or ValueError."""
    t = np.asarray(t, dtype=float)
    if not (t >= 0).all() or np.isinf(t).any():
        raise ValueError(f"t is finite and at least 0, but t = {t}")
    return t


def on_a_grid(times: Array, values: Array) -> tuple[Array, Array]:
    """times (T,), strictly increasing from 0, and as many values, or ValueError."""
    times, values = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    if times.ndim != 1 or not len(times) or times[0] != 0 or not (np.diff(times) > 0).all():
        raise ValueError(f"times increase strictly from 0, but times = {times}")
    if values.shape != times.shape:
        raise ValueError(f"values has the shape {times.shape} of times, but {values.shape}")
    return times, values
