"""What a certificate asks of a model at a zero of its field: everything that is free of N and delta."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from fieldlimit.certify.shift import ShiftLaws, shift_laws
from fieldlimit.checks import Array, nonnegative, readonly, shaped
from fieldlimit.concentration import Fluctuation, fluctuation
from fieldlimit.eigenvalues import (
    EigenvalueConstants,
    GroupConstants,
    eigenvalue_constants,
    group_constants,
    leading_size,
)
from fieldlimit.field import Model, VectorField, neural_field
from fieldlimit.fixed_points import (
    Curvature,
    FixedPointConstants,
    curvature_at,
    fixed_point_constants,
    fixed_points,
    newton,
)
from fieldlimit.fixed_points.certificate import LEAST_SINGULAR, inverse, residual_and_defect
from fieldlimit.kernels import SpectralKernel
from fieldlimit.long_times import AttractorConstants, attractor_constants, log_norm
from fieldlimit.promises import require_promises

NOT_A_ZERO = (
    1e-6  # of ||F(h)||, relative to 1 + ||h||: beyond, h is no fixed point but another state
)
NODES = 1024  # of the rules for the laws of tensors, beyond one dimension
FINE = 2**16  # of the rule for F(h*) itself beyond one dimension: its error adds to every radius


@dataclass(frozen=True, eq=False)
class Departure:
    """What `agreement_time` asks of a model at a zero h that is not stable, in the norm of H."""

    growth: float  # mu(DF(h)), with its quadrature error
    field: Fluctuation  # of w_x phi(h(x))
    derivative: Fluctuation  # of w_x phi'(h(x)) (x) k_x
    residual: float  # ||F(h)||, with its quadrature error


@dataclass(frozen=True, eq=False)
class CertificateConstants:
    """The constants of one model at one zero h of F, and the hypothesis that fails there, if any.

    failed: "" or the hypothesis with its value; then the parts are None. trajectories: of a stable
    zero AttractorConstants, of another one Departure, None where they were not asked for or where
    `no_trajectories` says what is missing.
    """

    model: Model
    h: Array  # (r,)
    start: Array  # (r,), where trajectories begin
    eigenvalues: Array  # (r,) complex, of DF(h), by decreasing real part
    residual: float  # ||F(h)||, the value alone
    failed: str = ""
    fixed_point: FixedPointConstants | None = None
    curvature: Curvature | None = None  # None where phi is not C^3
    spectrum: EigenvalueConstants | None = None
    shift: ShiftLaws | None = None  # with `spectrum`
    leading: GroupConstants | None = None  # of A's leading group, where DF_N is self-adjoint
    trajectories: AttractorConstants | Departure | None = None
    no_trajectories: str = ""

    @property
    def stable(self) -> bool:
        """Every eigenvalue of DF(h) has a negative real part."""
        return bool(self.eigenvalues[0].real < 0)

    @property
    def symmetric(self) -> bool:
        """k = w: a positive kernel in native features, DF_N self-adjoint whatever the locations."""
        return _self_adjoint(self.model)


def certificate_constants(
    model: Model,
    h: Array,
    *,
    start: Array | None = None,
    spectrum: bool = True,
    trajectories: bool = True,
    reach: float = math.inf,
    n: int | None = None,
) -> CertificateConstants:
    """All constants at h (r,), with about n nodes (None: 512 on a line, 1024 beyond).

    start (r,): where trajectories begin; None: at h. reach: phi'' is bounded over
    |s| <= kappa (||h|| + reach) only, and nothing is claimed farther out. Raises ValueError when the
    model breaks a promise (`fieldlimit.promises`) or phi is not C^2 with the sups that are needed; a
    state that is no zero, or a degenerate one, gives `failed`. A zero by a
    coarser rule than the finest (the default, 2^16 Sobol nodes) is first moved to its own.
    """
    require_smooth(model)
    nonnegative("reach", reach)
    h = readonly(shaped("h", h, (model.kernel.rank,)).copy())
    F = neural_field(model, _fine(model))
    h = readonly(_polished(model, F, h))
    begin = h if start is None else readonly(shaped("start", start, h.shape).copy())
    A, residual = F.derivative(h), float(np.linalg.norm(F(h)))
    values = np.linalg.eigvals(A).astype(complex)
    values = readonly(values[np.lexsort((values.imag, -values.real))])
    failed = _failed(model, h, A, residual)
    if failed:
        return CertificateConstants(model, h, begin, values, residual, failed)
    if n is None and model.kernel.space.dimension > 1:
        n = NODES
    spectral = None
    if spectrum:
        spectral = eigenvalue_constants(model, h, A=A, n=n, reach=reach)
        fixed = spectral.fixed_point
    else:
        fixed = fixed_point_constants(model, h, A=A, n=n, reach=reach)
    curvature = curvature_at(model, fixed, n)
    residual_B, defect = residual_and_defect(model, h, fixed.B, _fine(model))
    fixed = replace(fixed, residual=residual_B, defect=defect)
    spectral = replace(spectral, fixed_point=fixed) if spectral else None
    laws = shift_laws(model, h, spectral, n) if spectral else None
    leading = _leading(model, spectral, curvature, n) if spectral else None
    long, missing = None, ""
    if trajectories:
        derivative = spectral.derivative if spectral else None
        long, missing = _trajectories(model, h, begin, fixed, derivative, n)
    return CertificateConstants(
        model,
        h,
        begin,
        values,
        residual,
        "",
        fixed,
        curvature,
        spectral,
        laws,
        leading,
        long,
        missing,
    )


def require_smooth(model: Model) -> None:
    """ValueError with the promise that the model breaks, or when its phi is not of class C^2."""
    require_promises(model)
    if model.phi.smoothness < 2:
        raise ValueError(f"phi is of class C^2, but {model.phi} is C^{model.phi.smoothness:g}")


def settled_state(model: Model, *, rng: np.random.Generator) -> Array:
    """The only stable zero of F, (r,), as `fixed_points` finds it; ValueError when there are several.

    And when phi is unbounded: nothing then says where the zeros are, and h has to be given.
    """
    if not model.phi.bounded:
        raise ValueError(
            f"phi is bounded, or h is given instead of rng, but {model.phi} is unbounded"
        )
    stable = fixed_points(_coarse(model), rng=rng).stable
    if len(stable) != 1:
        states = "; ".join(str(point) for point in stable) or "none"
        raise ValueError(
            f"h is given, or F has one stable zero, but it has {len(stable)}: {states}"
        )
    return newton(neural_field(model, _fine(model)), stable[0].h[None], steps=8)[0]


def _fine(model: Model) -> int | None:
    """Nodes for F(h*): the default on a line, more beyond."""
    return FINE if model.kernel.space.dimension > 1 else None


def _polished(model: Model, F: VectorField, h: Array) -> Array:
    """h itself, or the zero of F when h is as near to it as a zero by a coarser rule would be."""
    if _small(F, h):
        return h
    A = F.derivative(h)
    if np.linalg.svd(A, compute_uv=False)[-1] < LEAST_SINGULAR:
        return h
    B = inverse(A)
    value = float(np.linalg.norm(B @ neural_field(model)(h)))
    error = residual_and_defect(model, h, B)[0] - value  # three standard errors of the default rule
    near = newton(F, h[None], steps=8)[0]
    return near if _small(F, near) and np.linalg.norm(near - h) <= 4 * error else h


def _small(F: VectorField, h: Array) -> bool:
    return float(np.linalg.norm(F(h))) <= NOT_A_ZERO * (1 + float(np.linalg.norm(h)))


def _coarse(model: Model) -> VectorField:
    """The field by a rule that is cheap enough for a search."""
    return neural_field(model, 1024 if model.kernel.space.dimension > 1 else None)


def _failed(model: Model, h: Array, A: Array, residual: float) -> str:
    """The hypothesis on h that fails, with its value; "" when none does."""
    if residual > NOT_A_ZERO * (1 + float(np.linalg.norm(h))):
        F = _coarse(model)
        near = newton(F, h[None])[0]
        found = float(np.linalg.norm(F(near))) < 1e-8
        hint = (
            f"; Newton's method leads to a zero at distance {np.linalg.norm(near - h):.3g}"
            if found
            else ""
        )
        return f"F(h*) = 0 is needed, but ||F(h*)|| = {residual:.3g}{hint}"
    least = float(np.linalg.svd(A, compute_uv=False)[-1])
    if least < LEAST_SINGULAR:
        return (
            f"an invertible DF(h*) is needed, but its least singular value is {least:.2g}: h* is "
            "degenerate, on an orbit of a symmetry (prop-ring-degenerate) or at a bifurcation"
        )
    return ""


def _self_adjoint(model: Model) -> bool:
    kernel = model.kernel
    return isinstance(kernel, SpectralKernel) and np.array_equal(kernel.V, np.eye(kernel.rank))


def _leading(
    model: Model, constants: EigenvalueConstants, curvature: Curvature | None, n: int | None
) -> GroupConstants | None:
    """Of the leading group of eigenvalues, where thm-group-shift applies to it and there is a rest."""
    size = leading_size(constants.A)
    if not _self_adjoint(model) or constants.total is None or size == model.kernel.rank:
        return None
    return group_constants(model, constants, (size,), n, curvature)[0]


def _trajectories(
    model: Model,
    h: Array,
    start: Array,
    fixed: FixedPointConstants,
    derivative: Fluctuation | None,
    n: int | None,
) -> tuple[AttractorConstants | Departure | None, str]:
    A = inverse(fixed.B)
    size = float(np.linalg.norm(A, 2))  # ||F(h)|| <= ||A|| ||B F(h)||, and so for the derivative
    if np.linalg.eigvals(A).real.max() < 0:
        try:
            found = attractor_constants(model, h, start=start, reach=fixed.reach, n=n)
        except ValueError as error:  # start beyond what the theorem reaches
            return None, str(error)
        value = size * fixed.residual * found.weight.ends[1]
        return replace(found, residual=min(found.residual, value)), ""
    if start is not h:
        return None, "start = h* is needed at a zero that is not stable, but another one is given"
    law = fluctuation(model, h, 1, n) if derivative is None else derivative
    growth = log_norm(A) + size * fixed.defect
    return Departure(growth, fluctuation(model, h, 0, n), law, size * fixed.residual), ""
