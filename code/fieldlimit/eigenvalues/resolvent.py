"""The resolvent on lines and circles: distances to instability, certified discs, pseudospectra.

s(z) = 1/||(z - A)^{-1}||, the least singular value of z - A: by s, A is that far from the nearest
(complex) matrix of which z is an eigenvalue. |s(z) - s(z')| <= |z - z'|.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, finite, finite_array, nonnegative, positive, shaped
from fieldlimit.statements import states

Complex = NDArray[np.complex128]

# An eigenvalue of the Hamiltonian matrix counts as imaginary when its real part is below this,
# relative to the matrix: a double one is computed to about the root of rounding.
IMAGINARY = 1e-7
ROUNDING = 1e-12  # of a singular value, relative to ||A|| + |z|


@dataclass(frozen=True, eq=False)
class StabilityRadius:
    """lower <= min over Re z = line of s(z) <= upper, and where: z = line + i frequency.

    Every A + E with ||E|| < lower has as many eigenvalues to the right of the line as A. The matrix
    E = `perturbation`, complex, of rank one and norm `upper`, puts one onto it.
    """

    lower: float
    upper: float
    line: float
    frequency: float
    perturbation: Complex  # (r, r)


def least_singular_value(A: NDArray, z: complex | NDArray) -> NDArray[np.float64]:
    """s(z) = 1/||(z - A)^{-1}||, z (...) -> (...)."""
    z = np.asarray(z, dtype=complex)
    shifted = z[..., None, None] * np.eye(len(A)) - A
    return np.linalg.svd(shifted, compute_uv=False)[..., -1]


def crossings(A: Array, level: float, line: float = 0.0) -> Array:
    """The frequencies w, increasing, at which `level` is a singular value of line + i w - A.

    They are the imaginary eigenvalues i w of the Hamiltonian matrix [[M, level], [-level, -M^T]],
    M = A - line (Byers 1988). With none, s > level on the whole line.
    """
    M = A - line * np.eye(len(A))
    shift = level * np.eye(len(A))
    H = np.block([[M, shift], [-shift, -M.T]])
    eigenvalues = np.linalg.eigvals(H)
    near = np.abs(eigenvalues.real) <= IMAGINARY * (1.0 + float(np.linalg.norm(H, 2)))
    return np.sort(eigenvalues.imag[near])


def circle_crossings(A: NDArray, level: float, centre: complex, radius: float) -> Array:
    """The angles, increasing in [-pi, pi], at which `level` is a singular value of z - A on a circle.

    z = centre + radius zeta, and the zeta are the eigenvalues of modulus one of the pencil
    [[M, level], [0, radius]] - zeta [[radius, 0], [level, M*]], M = A - centre. With none, and
    s > level at one point, s > level on the whole circle. A pencil that is singular to within
    rounding has every angle as a crossing, of which 0 stands for all.
    """
    from scipy.linalg import eigvals

    one, zero = np.eye(len(A)), np.zeros((len(A), len(A)))
    M = A - centre * one
    left = np.block([[M, level * one], [zero, radius * one]])
    right = np.block([[radius * one, zero], [level * one, M.conj().T]])
    alpha, beta = np.abs(pair := eigvals(left, right, homogeneous_eigvals=True))
    size = float(np.linalg.norm(left, 2))
    if (np.maximum(alpha, beta) <= ROUNDING * size).any():
        return np.zeros(1)
    near = np.abs(alpha - beta) <= IMAGINARY * np.maximum(alpha, beta)
    return np.sort(np.angle(pair[0, near] / pair[1, near]))


@states("lem-hamiltonian")
def stability_radius(A: Array, line: float = 0.0, *, tolerance: float = 1e-6) -> StabilityRadius:
    """min over Re z = line of s(z), as a bracket of relative width about `tolerance`.

    The iteration of Boyd and Balakrishnan (1990) and Bruinsma and Steinbuch (1990). At a level just
    below the least value known, the crossings bound the intervals on which s is smaller; their
    midpoints give the next value, and the number of correct digits doubles. A level without
    crossings is a lower bound for the whole line: no grid. A (r, r) real.
    """
    A, line = shaped("A", A, (len(A), len(A))), finite("line", line)
    positive("tolerance", tolerance)
    w = np.unique(np.concatenate([[0.0], np.abs(np.linalg.eigvals(A).imag)]))
    s = least_singular_value(A, line + 1j * w)
    best, frequency = float(s.min()), float(w[s.argmin()])
    step = tolerance
    scale = 1.0 + float(np.linalg.norm(A, 2))
    while best > ROUNDING * scale:
        found = crossings(A, best * (1.0 - step), line)
        if not len(found):
            return _radius(A, best * (1.0 - step), line, frequency)
        middle = np.concatenate([found, (found[:-1] + found[1:]) / 2])
        s = least_singular_value(A, line + 1j * middle)
        if s.min() < best * (1.0 - step):
            best, frequency = float(s.min()), float(abs(middle[s.argmin()]))
        else:  # a tangency that rounding does not resolve: step back
            step *= 10.0
            if step >= 1.0:
                break
    return _radius(A, 0.0, line, frequency)


def _radius(A: Array, lower: float, line: float, frequency: float) -> StabilityRadius:
    u, s, v = np.linalg.svd((line + 1j * frequency) * np.eye(len(A)) - A)
    perturbation = s[-1] * np.outer(u[:, -1], v[-1])  # (z - A) - it is singular
    return StabilityRadius(lower, float(s[-1]), line, frequency, perturbation)


def certified_abscissa(A: Array, shift: float, *, tolerance: float = 1e-6) -> float:
    """x such that every A + E with ||E|| <= shift has its eigenvalues in Re z < x, nearly the least.

    By bisection: to the right of the rightmost eigenvalue, the line Re z = x meets the set
    s <= shift exactly when x is not beyond its rightmost point, since each component of that set
    contains an eigenvalue.
    """
    A = shaped("A", A, (len(A), len(A)))
    shift = nonnegative("shift", shift)
    low = float(np.linalg.eigvals(A).real.max())
    high = float(np.linalg.eigvalsh((A + A.T) / 2)[-1]) + shift * (1 + ROUNDING) + tolerance
    while high - low > tolerance * (1.0 + shift):
        middle = (low + high) / 2
        clear = not len(crossings(A, shift * (1 + IMAGINARY), middle))
        low, high = (low, middle) if clear else (middle, high)
    return high


@dataclass(frozen=True)
class Disc:
    """Every A + E with ||E|| <= shift has exactly `count` eigenvalues closer to centre than radius.

    count is that of A, with algebraic multiplicities: 1 when the disc isolates its eigenvalue.
    """

    centre: complex
    radius: float
    count: int


@states("prop-disc")
def certified_disc(A: NDArray, centre: complex, shift: float, *, tolerance: float = 1e-3) -> Disc:
    """The least radius (within a factor 1 + tolerance) with s > shift on |z - centre| = radius.

    The min of s on the circle is 1-Lipschitz in the radius: where a point has s = shift - t, all
    circles of radius less than t more fail as well and are stepped over; no good one is missed, up
    to steps of tolerance * radius. A circle without `circle_crossings` is clear.
    """
    A = np.asarray(A)
    finite_array("A", np.abs(A))
    shift = nonnegative("shift", shift)
    eigenvalues = np.linalg.eigvals(A)
    rounding = ROUNDING * (1.0 + float(np.linalg.norm(A, 2)))
    level = shift * (1.0 + IMAGINARY) + rounding
    radius = max(shift, rounding) * (1.0 + tolerance) + rounding
    angle = 0.0
    while True:
        s = float(least_singular_value(A, centre + radius * np.exp(1j * angle)))
        if s > level:
            found = circle_crossings(A, level, centre, radius)
            if not len(found):
                inside = int((np.abs(eigenvalues - centre) < radius).sum())
                return Disc(complex(centre), float(radius), inside)
            angles = np.concatenate(
                [found, found + np.diff(found, append=found[0] + 2 * math.pi) / 2]
            )
            values = least_singular_value(A, centre + radius * np.exp(1j * angles))
            s, angle = float(values.min()), float(angles[values.argmin()])
        radius += max(shift - s, tolerance * radius)


def certified_discs(A: Array, shift: float) -> list[Disc]:
    """A disc for each eigenvalue of A (r, r), by decreasing real part; conjugate ones are shared."""
    eigenvalues = np.linalg.eigvals(A).astype(complex)
    eigenvalues = eigenvalues[np.lexsort((eigenvalues.imag, -eigenvalues.real))]
    found: list[Disc] = []
    for value in eigenvalues:
        twin = next((d for d in found if abs(d.centre - value.conjugate()) < 1e-12), None)
        if twin is not None:
            found.append(Disc(complex(value), twin.radius, twin.count))
        else:
            found.append(certified_disc(A, complex(value), shift))
    return found


def pseudospectrum(A: NDArray, grid: Complex) -> NDArray[np.float64]:
    """s(z) on a grid of complex numbers (...): {s <= e} is the set of eigenvalues of all A + E,
    ||E|| <= e. For pictures: nothing is proven between the nodes."""
    A, grid = np.asarray(A), np.asarray(grid, dtype=complex)
    flat = [
        least_singular_value(A, part) for part in np.array_split(grid.ravel(), 1 + grid.size // 512)
    ]
    return np.concatenate(flat).reshape(grid.shape)
