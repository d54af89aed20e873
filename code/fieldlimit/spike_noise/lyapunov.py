"""The Lyapunov equation A P + P A* + Q = 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, readonly, shaped
from fieldlimit.statements import states


@dataclass(frozen=True, eq=False)
class Lyapunov:
    """The solution and what is known of its trace beforehand: lower <= tr P <= upper."""

    P: Array  # (r, r), positive
    lower: float  # tr Q / (2 ||A||)
    upper: float  # tr Q / (2 alpha), alpha = -(log-norm of A); inf when alpha <= 0


@states("prop-lyapunov")
def lyapunov(A: Array, Q: Array) -> Lyapunov:
    """P = int_0^inf e^{tA} Q e^{tA*} dt, the only solution of A P + P A* + Q = 0.

    A (r, r) with spectrum in the open left half-plane, Q (r, r) symmetric and positive; ValueError
    otherwise. By the method of Bartels and Stewart, O(r^3); the relative error is that of rounding
    times the inverse of the gap between the spectrum and the imaginary axis.
    """
    from scipy.linalg import solve_continuous_lyapunov

    A = shaped("A", A, (None, None))
    Q = shaped("Q", Q, A.shape)
    abscissa = float(np.linalg.eigvals(A).real.max())
    if not abscissa < 0:
        raise ValueError(
            f"the spectrum of A lies left of the imaginary axis, but a real part is {abscissa}"
        )
    least, rounding = float(np.linalg.eigvalsh((Q + Q.T) / 2)[0]), 1e-9 * float(np.linalg.norm(Q))
    if np.linalg.norm(Q - Q.T) > rounding or least < -rounding:
        raise ValueError(f"Q is symmetric and positive, but its least eigenvalue is {least}")
    P = solve_continuous_lyapunov(A, -Q)
    P = (P + P.T) / 2
    alpha = -float(np.linalg.eigvalsh(A + A.T)[-1]) / 2
    trace = float(np.trace(Q))
    upper = trace / (2 * alpha) if alpha > 0 else np.inf
    return Lyapunov(readonly(P), trace / (2 * float(np.linalg.norm(A, 2))), upper)
