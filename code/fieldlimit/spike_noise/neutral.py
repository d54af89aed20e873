"""Motion along a curve of fixed points: diffusion by the spikes, drift by the locations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, readonly, shaped
from fieldlimit.field import Model, VectorField, neural_field
from fieldlimit.fixed_points.symmetry import rotation_generators
from fieldlimit.spike_noise.fluctuation_limit import location_covariance
from fieldlimit.spike_noise.sizes import spike_covariance
from fieldlimit.statements import states

NEUTRAL = 1e-6  # relative size of A u below which u is neutral


@dataclass(frozen=True, eq=False)
class PhaseMotion:
    """The angle of a bump of N neurons: variance (2 diffusion t + drift_variance t^2)/N after t."""

    neutral: Array  # (r,)  u, the derivative of the bump along the ring
    left: Array  # (r,)  u* with A* u* = 0 and <u*, u> = 1
    diffusion: float  # D = <u*, Q u*>/2, radians^2 per tau, to be divided by N
    drift_variance: float  # <u*, Sigma u*>, (radians per tau)^2, to be divided by N

    @property
    def crossover(self) -> float:
        """The time, in tau, when both contribute the same variance; it does not depend on N."""
        return 2 * self.diffusion / self.drift_variance

    def variance(self, N: int, time: Array) -> Array:
        """Over locations and spikes, at the given times."""
        t = np.asarray(time, dtype=float)
        return (2 * self.diffusion * t + self.drift_variance * t**2) / N


@states("prop-phase-diffusion")
def phase_motion(model: Model, h: Array, *, field: VectorField | None = None) -> PhaseMotion:
    """D = <u*, Q u*>/2 and <u*, Sigma u*> at a zero h (r,) of an invariant field on the circle.

    u = T h, T the generator of rotations, spans the kernel of A; u* the kernel of A*. ValueError when
    h is no bump, when u is not neutral, or when the eigenvalue 0 of A is not simple.
    """
    F = neural_field(model) if field is None else field
    h = shaped("h", h, (model.kernel.rank,))
    generators = rotation_generators(model)
    if len(generators) != 1:
        raise ValueError(f"the ring has one angle, but the space has {len(generators)}")
    u, A = generators[0] @ h, F.derivative(h)
    if not np.linalg.norm(u) > NEUTRAL * (1 + np.linalg.norm(h)):
        raise ValueError(f"h is a bump, not the same all round, but h = {h}")
    if not np.linalg.norm(A @ u) <= NEUTRAL * np.linalg.norm(u):
        raise ValueError(f"A u = 0 along the ring, but ||A u|| = {np.linalg.norm(A @ u)}")
    sides, values, _ = np.linalg.svd(A)
    if len(values) > 1 and values[-2] <= NEUTRAL:
        raise ValueError(f"the kernel of A has one dimension, but a singular value is {values[-2]}")
    left = sides[:, -1] / (sides[:, -1] @ u)
    return PhaseMotion(
        readonly(u),
        readonly(left),
        float(left @ spike_covariance(F, h) @ left) / 2,
        float(left @ location_covariance(F, h) @ left),
    )


def phase_drift(
    network: VectorField, motion: PhaseMotion, model: Model, h: Array, angles: Array
) -> Array:
    """v(theta) = <u*_theta, F_N(h_theta)>, the velocity of the angle in one network, radians per tau.

    h_theta and u*_theta: the bump h and the left vector turned by the angles (n,); result (n,).
    """
    T = rotation_generators(model)[0]
    turned = np.stack([_rotation(T, theta) for theta in np.asarray(angles, dtype=float)])
    return np.einsum("nr,nr->n", turned @ motion.left, network(turned @ h))


def _rotation(T: Array, theta: float) -> Array:
    from scipy.linalg import expm

    return expm(theta * T)
