"""A-priori guarantees: from the kernel's spectrum and norms and the sups of phi alone.

Nothing here looks at a state h, and nothing at the dimension of the space (cor-spectral).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import nonnegative, positive_integer, probability
from fieldlimit.concentration.bounds import (
    concentration_deviation,
    mcdiarmid_deviation,
    pinelis_deviation,
)
from fieldlimit.kernels import FourierBasis, Kernel, SpectralKernel, projective_moment
from fieldlimit.statements import states


@dataclass(frozen=True)
class SpectralConstants:
    """All that the a-priori bounds know of a kernel."""

    nuclear: float  # tr Wop; in native features the sum of |eigenvalues|
    top: float  # ||Wop||; in native features the largest |eigenvalue|
    hilbert_schmidt: float  # ||Wop||_HS; in native features the root of the sum of squares
    kappa: float  # sup ||k_x||
    omega: float  # sup ||w_x||


@states("prop-same-spectrum")
def spectral_constants(kernel: Kernel) -> SpectralConstants:
    """tr Wop, ||Wop||, ||Wop||_HS, kappa, omega: equal kernels here, equal a-priori bounds.

    Torus kernels with the same eigenvalues agree in every dimension d, to rounding
    (prop-same-spectrum). Exact in native features, by quadrature elsewhere.
    """
    values = np.linalg.eigvalsh(projective_moment(kernel))
    return SpectralConstants(
        nuclear=float(values.sum()),
        top=float(values[-1]),
        hilbert_schmidt=float(np.linalg.norm(values)),
        kappa=kernel.kappa,
        omega=kernel.omega,
    )


@states("cor-spectral")
def spectral_deviation(
    N: int, delta: float, constants: SpectralConstants, *, phi_m: float, m: int = 0
) -> float:
    """D <= the least of four bounds in nuclear norm, top eigenvalue and phi_m = sup |phi^(m)|.

    With g = phi_m kappa^m: s_1 <= T = g^2 tr Wop, ||Sigma|| <= g^2 ||Wop||, s_2 <= S2 =
    g^4 ||Wop||_HS^2, M_Y <= g omega, M <= g (omega + sqrt||Wop||), put into thm-mcdiarmid,
    thm-pinelis, thm-concentration (all increase in each) and into Cantelli's
        D^2 <= (1/N) [T + sqrt((1/delta - 1)(2 S2 + M^2 T / N))].
    Holds at every h; at every ||h|| <= R when phi_m is the sup over |s| <= kappa R (cor-spectral).
    """
    N = positive_integer("N", N)
    probability("delta", delta)
    g = nonnegative("phi_m", phi_m) * constants.kappa ** positive_integer("m", m, least=0)
    T, top = g**2 * constants.nuclear, g**2 * constants.top
    S2 = (g**2 * constants.hilbert_schmidt) ** 2
    M_Y = g * constants.omega
    M = M_Y + math.sqrt(top)  # ||EY||^2 <= ||E Y (x) Y|| <= top
    cantelli = T + math.sqrt((1.0 / delta - 1.0) * (2.0 * S2 + M**2 * T / N))
    return min(
        math.sqrt(cantelli / N),
        mcdiarmid_deviation(N, delta, trace=T, sup=M_Y),
        pinelis_deviation(N, delta, trace=T, sup_xi=M),
        concentration_deviation(N, delta, trace=T, top=top, sup_xi=M),
    )


def spectral_leading_order(
    N: int, delta: float, constants: SpectralConstants, *, phi_m: float, m: int = 0
) -> float:
    """g (sqrt(tr Wop) + sqrt(2 L ||Wop||)) / sqrt N with g = phi_m kappa^m, L = log(1/delta).

    The headline of cor-spectral as N grows; NOT a bound at any N.
    """
    L = -math.log(probability("delta", delta))
    g = nonnegative("phi_m", phi_m) * constants.kappa ** positive_integer("m", m, least=0)
    root = math.sqrt(constants.nuclear) + math.sqrt(2.0 * L * constants.top)
    return g * root / math.sqrt(positive_integer("N", N))


@states("prop-space-derivatives")
def space_derivative_bound(kernel: SpectralKernel, q: int) -> float:
    """A bound of sup_x ||D^q k_x||: |D_x^q u(x)| <= it times ||u|| for every u in H, every x.

    Torus kernels (modes e^(i<f, x>), singular values s): in the direction v of norm 1,
    ||D_v^q k_x||^2 = sum s <f, v>^(2q) over all modes, the same at every x. Exact for q <= 1 (top
    eigenvalue of sum s f f^T) and for d = 1; an upper bound, the top eigenvalue of
    sum s |f|^(2q - 2) f f^T, otherwise. Applied to u = F_N(h) - F(h): derivatives in x of the
    fluctuation are controlled, uniformly over the space.

    Raises ValueError for a kernel that is not one of Fourier modes.
    """
    positive_integer("q", q, least=0)
    basis = getattr(kernel, "basis", None)
    if type(basis) is not FourierBasis:
        raise ValueError(
            "derivatives in x are known for Fourier modes (torus_kernel and its kin), but the "
            f"basis is {type(basis).__name__}"
        )
    if q == 0:
        return float(np.sqrt(kernel.singular_values.sum()))
    f, s = basis.frequencies, kernel.singular_values[1::2]  # (p, d), (p,)
    weights = 2.0 * s * (f**2).sum(axis=1) ** (q - 1)  # cos and sin of a pair share s
    if len(f) == 0:
        return 0.0
    return float(np.sqrt(np.linalg.eigvalsh((f.T * weights) @ f)[-1]))
