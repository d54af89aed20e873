"""Fixed points on an orbit of a symmetry: never isolated, hence always degenerate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, readonly, shaped
from fieldlimit.field import Model, VectorField, neural_field
from fieldlimit.kernels import FourierBasis
from fieldlimit.statements import states

INVARIANT = 1e-9  # a state whose derivative along the rotations is relatively smaller is invariant


@dataclass(frozen=True, eq=False)
class Orbit:
    """The directions in which a zero h can be rotated, and how little the field resists."""

    tangents: Array  # (d, r), T_i h for the rotations of the d angles
    dimension: int  # of the orbit: the rank of the tangents; 0 for an invariant h
    resistance: float  # the largest ||DF(h) t|| / ||t|| over the tangents; 0 on the exact orbit

    @property
    def degenerate(self) -> bool:
        """True when h lies on an orbit of at least one dimension: DF(h) is singular."""
        return self.dimension > 0


@states("prop-ring-degenerate")
def orbit(model: Model, h: Array, *, field: VectorField | None = None) -> Orbit:
    """The orbit of a zero h (r,) of the field under the rotations of a torus.

    For kernels of Fourier modes, which are invariant, and an invariant input. T_i turns the pair
    (cos, sin) of frequency m by m_i. ValueError for other kernels, and for an input that is not
    invariant: then there is no symmetry to speak of.
    """
    h = shaped("h", h, (model.kernel.rank,))
    generators = rotation_generators(model)
    size = float(np.linalg.norm(h))
    tangents = generators @ h
    if (np.linalg.norm(generators @ model.I, axis=1) > INVARIANT * (1 + size)).any():
        raise ValueError("the input is invariant under rotations, but I depends on the angle")
    lengths = np.linalg.norm(tangents, axis=1)
    moved = lengths > INVARIANT * (1 + size)
    dimension = int(np.linalg.matrix_rank(tangents[moved], tol=1e-6 * size)) if moved.any() else 0
    A = (neural_field(model) if field is None else field).derivative(h)
    stretched = np.linalg.norm(tangents[moved] @ A.T, axis=1) / lengths[moved]
    return Orbit(readonly(tangents), dimension, float(stretched.max(initial=0.0)))


def rotation_generators(model: Model) -> Array:
    """T (d, r, r), antisymmetric: d/dt k_{x + t e_i} = T_i k_x at t = 0."""
    basis = getattr(model.kernel, "basis", None)
    if type(basis) is not FourierBasis:
        raise ValueError(
            f"rotations are known for Fourier modes on a torus, but the kernel is {model.kernel}"
        )
    frequencies = basis.frequencies  # (p, d)
    T = np.zeros((frequencies.shape[1], model.kernel.rank, model.kernel.rank))
    cosine = 1 + 2 * np.arange(len(frequencies))
    T[:, cosine, cosine + 1] = -frequencies.T
    T[:, cosine + 1, cosine] = frequencies.T
    return T
