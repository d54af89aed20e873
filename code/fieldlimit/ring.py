"""Neural fields with translation-invariant connections: homogeneous states, bumps, rotation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, log, sqrt, tan

import numpy as np

from fieldlimit.checks import Array, finite, finite_array, nonnegative, positive
from fieldlimit.kernels import SpectralKernel, frequencies, torus_kernel
from fieldlimit.nonlinearities import Nonlinearity
from fieldlimit.statements import states

NODES = 256  # equispaced angles; the rules below converge exponentially for an analytic phi


@dataclass(frozen=True)
class RingStability:
    """The homogeneous state A of a translation-invariant field, linearly and beyond."""

    eigenvalues: Array  # (r,) of DF at the state, complex, by decreasing real part
    decay: float  # -a = -max Re; positive when stable
    radius: float  # stable: starts closer than this converge. unstable: some leave this ball

    def envelope(self, distance: float, time: Array) -> Array:
        """Bound of ||h(t) - A|| in the stable case, from ||h(0) - A|| = distance < radius."""
        if not self.decay > 0 or not 0 <= distance < self.radius:
            raise ValueError(
                f"decay > 0 and 0 <= distance < radius, but decay = {self.decay}, "
                f"distance = {distance}, radius = {self.radius}"
            )
        shrunk = np.exp(-self.decay * np.asarray(time))
        return distance * shrunk / (1 - distance / self.radius * (1 - shrunk))


@states("prop-ring-stability")
def ring_stability(kernel: SpectralKernel, phi: Nonlinearity, level: float) -> RingStability:
    """Eigenvalues -1 + phi'(A) w^(n) of DF at the homogeneous state A = level, and its basin.

    With c = phi_2 kappa s_1 / 2 and a the largest real part. a < 0: the basin contains the ball of
    radius |a| / c. a > 0: with b the next largest real part, at least -1, solutions from
    arbitrarily near A leave every ball of radius below min(a / sqrt 2, (a - b) / 2) / c.
    Hypotheses: native features on a torus (kernel.constant_norm), and level is a zero of the field,
    which depends on the input and is the caller's to see to; phi in C^2 with bounded phi''.
    """
    if not kernel.constant_norm:
        raise ValueError("the kernel is homogeneous, ||k_x|| the same at every x, but it is not")
    slope = float(phi.derivative(np.float64(finite("level", level)), 1))
    values = -1 + slope * np.asarray(kernel.eigenvalues, dtype=complex)
    values = values[np.argsort(-values.real, kind="stable")]
    a = float(values[0].real)
    curvature = phi.sup(2) * kernel.kappa * float(kernel.singular_values.max()) / 2
    if a < 0:
        room = -a
    else:
        b = float(values.real[values.real < a - 1e-12].max(initial=-1.0))
        room = min(a / sqrt(2), (a - b) / 2)
    return RingStability(values, -a, room / curvature if curvature > 0 else inf)


def homogeneous_level(J0: float, phi: Nonlinearity, I0: float = 0.0) -> float:
    """The root A of A = I0 + J0 phi(A) for J0 phi' < 1 (one root only), by bisection to rounding.

    phi bounded. Raises ValueError when the end points do not enclose a root.
    """
    from scipy.optimize import brentq

    reach = abs(finite("J0", J0)) * phi.sup(0) + 1
    return float(
        brentq(
            lambda a: a - I0 - J0 * float(phi(np.float64(a))), I0 - reach, I0 + reach, xtol=1e-15
        )
    )


@dataclass(frozen=True)
class Pitchfork:
    """Where bumps branch off the homogeneous state of the cosine ring, and to which side."""

    critical: float  # J1* = 2 / phi'(A)
    coefficient: float  # gamma; negative: bumps for J1 > J1*

    def amplitude(self, J1: float) -> float:
        """sqrt((1/J1 - 1/J1*) / gamma), the bump's amplitude R to leading order; NaN if none."""
        square = (1 / J1 - 1 / self.critical) / self.coefficient
        return sqrt(square) if square >= 0 else float("nan")


@states("prop-ring-bifurcation")
def pitchfork(J0: float, phi: Nonlinearity, level: float) -> Pitchfork:
    """J1* = 2/phi'(A), gamma = phi'''(A)/16 + J0 phi''(A)^2 / (8 (1 - J0 phi'(A))), A = level.

    For w = J0 + J1 cos(x - y): bumps of small amplitude R have R^2 = (1/J1 - 1/J1*)/gamma + o.
    Hypotheses: phi in C^3, phi'(A) > 0, J0 phi'(A) < 1.
    """
    d1, d2, d3 = (float(phi.derivative(np.float64(finite("level", level)), m)) for m in (1, 2, 3))
    positive("phi'(level)", d1)
    positive("1 - J0 phi'(level)", 1 - finite("J0", J0) * d1)
    return Pitchfork(2 / d1, d3 / 16 + J0 * d2**2 / (8 * (1 - J0 * d1)))


def ring_moments(phi: Nonlinearity, level: float, amplitude: float) -> tuple[float, float]:
    """M_0 = mean of phi(A + R cos u) and M_1 = mean of phi(A + R cos u) cos u over the circle."""
    u = 2 * np.pi * np.arange(NODES) / NODES
    rates = phi(level + amplitude * np.cos(u))
    return float(rates.mean()), float((rates * np.cos(u)).mean())


def bump(
    J0: float,
    J1: float,
    phi: Nonlinearity,
    I0: float = 0.0,
    guess: tuple[float, float] = (0.0, 1.0),
) -> tuple[float, float]:
    """(A, R): A = I0 + J0 M_0(A, R), R = J1 M_1(A, R), the stationary bump A + R cos x.

    By Powell's hybrid method from `guess`; RuntimeError when it fails to converge. R near 0 is the
    homogeneous state: a bump was not found.
    """
    from scipy.optimize import root

    def residual(state: Array) -> Array:
        M0, M1 = ring_moments(phi, *state)
        return np.array([state[0] - I0 - J0 * M0, state[1] - J1 * M1])

    solution = root(residual, np.array(guess), tol=1e-13)
    # the method may stop for lack of progress at rounding: what counts is the residual
    if np.abs(solution.fun).max() > 1e-9:
        raise RuntimeError(f"no bump found from {guess}: residual {solution.fun}")
    return float(solution.x[0]), abs(float(solution.x[1]))


def shifted_torus(eigenvalues: Array, shift: Array) -> SpectralKernel:
    """w(x, y) = g(x - y - shift) on the d-torus, where g(x - y) is `torus_kernel(eigenvalues, d)`.

    shift (d,). V rotates the pair of frequency m by <m, shift>; a negative eigenvalue keeps its sign.
    """
    shift = finite_array("shift", shift)
    kernel = torus_kernel(eigenvalues, len(shift))
    V = np.array(kernel.V)
    for j, angle in enumerate(frequencies((kernel.rank - 1) // 2, len(shift)) @ shift):
        pair = slice(1 + 2 * j, 3 + 2 * j)
        c, s = np.cos(angle), np.sin(angle)
        V[pair, pair] = V[pair, pair] @ np.array([[c, -s], [s, c]])
    return replace(kernel, V=V)


@states("prop-ring-rotation")
def rotation_angle(shift: float, time: float, *, start: float, end: float) -> float:
    """psi(t) - psi(0) = tan(shift) (t + log(R(t)/R(0))): how far the bump of a shifted ring turned.

    start, end: the amplitudes R(0), R(t) > 0 of the first harmonic; time: t in units of tau. At a
    stationary amplitude the bump turns at tan(shift) radians per tau. Hypothesis: |shift| < pi/2,
    input constant in space.
    """
    if not abs(finite("shift", shift)) < np.pi / 2:
        raise ValueError(f"|shift| < pi/2, but shift = {shift}")
    ratio = positive("end", end) / positive("start", start)
    return tan(shift) * (nonnegative("time", time) + log(ratio))
