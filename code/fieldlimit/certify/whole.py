"""From the truncated kernel, which is the model, to the whole one: what the dropped modes do to h*."""

from __future__ import annotations

import math

import numpy as np

from fieldlimit.checks import Array, nonnegative, shaped
from fieldlimit.field import Model, bounded_sup, neural_field
from fieldlimit.fixed_points import Radii, newton_kantorovich, projective_sup
from fieldlimit.fixed_points.certificate import inverse, residual_and_defect
from fieldlimit.kernels import SpectralKernel
from fieldlimit.statements import states
from fieldlimit.truncation import unseen_rates


@states("prop-truncated-fixed-point")
def truncated_fixed_point(
    model: Model, h: Array, *, dropped: float | None = None, n: int | None = None
) -> Radii:
    """The field of the whole kernel has one zero within `existence` of h, no other in `uniqueness`.

    h (r,): a zero of F for the truncated kernel. dropped: s', the largest singular value left out;
    None: the tail, their sum. With u = phi_1 sqrt(s_1 s'), v = phi_1 s' and d the L2 distance of
    phi(h) from the span of the kept eigenfunctions, lem-newton-kantorovich for B (+) -Id:
        Y^2 = ||B F(h)||^2 + s' d^2,
        Z = ||Id - B DF(h)|| + || ((0, ||B|| u), (u, v)) ||,
        Lambda = phi_2 s_1 (sup ||B w_x||^2 + t)^(1/2),
    t = sup_x of the dropped part of ||k_x||^2: the tail where norms are constant, else kappa^2 (the
    bound of the whole kernel, as that of `gaussian_kernel`). Needs native features whose V does not
    mix kept and dropped modes, and a phi in C^2 with bounded derivatives; existence = inf when the
    lemma does not apply. d and the integrals are quadratures with about n nodes.
    """
    kernel = model.kernel
    if not isinstance(kernel, SpectralKernel):
        raise ValueError(f"the kernel is truncated in its native features, but it is {kernel}")
    if not math.isfinite(kernel.tail):
        raise ValueError(f"the whole kernel has a finite trace, but tail = {kernel.tail}")
    h = shaped("h", h, (kernel.rank,))
    s = nonnegative("dropped", kernel.tail if dropped is None else dropped)
    F = neural_field(model, n)
    B = inverse(F.derivative(h))
    residual, defect = residual_and_defect(model, h, B, n)
    top = max(float(kernel.singular_values.max()), s)
    phi_1, phi_2 = bounded_sup(model.phi, 1), bounded_sup(model.phi, 2)
    u, v, size = phi_1 * math.sqrt(top * s), phi_1 * s, float(np.linalg.norm(B, 2))
    mixed = float(np.linalg.norm(np.array([[0.0, size * u], [u, v]]), 2))
    rest = kernel.tail if kernel.constant_norm else kernel.kappa**2
    Lambda = phi_2 * top * math.hypot(projective_sup(kernel, B), math.sqrt(rest if s else 0.0))
    return newton_kantorovich(
        math.hypot(residual, math.sqrt(s) * unseen_rates(F, h)), defect + mixed, Lambda
    )
