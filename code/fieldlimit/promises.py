"""Your own kernel and nonlinearity: what they promise, and how far a computer can check it.

A model is made of two objects that keep a Protocol; no base class, no registration.

A kernel (`fieldlimit.kernels.Kernel`) knows its features, w(x, y) = <k_x, w_y>:
    space: (X, rho), one of `fieldlimit.spaces` or your own SimilaritySpace
    rank: r, the dimension of H = R^r
    kappa, omega: bounds of ||k_x|| and ||w_y|| over all of X, finite
    k(x), w(x): features of the locations x (n, d), one row each, (n, r)

A nonlinearity (`fieldlimit.nonlinearities.Nonlinearity`) knows its derivatives and how large they get:
    phi(s): rates >= 0, entry by entry; derivative(s, m): the m-th derivative
    sup(m, radius): a bound of |phi^(m)| over |s| <= radius (inf: the whole line; inf where unbounded)
    smoothness: the largest m with phi in C^m; bounded: phi and these derivatives are bounded

The theorems lean on these promises. Those that concern all locations or all potentials (kappa, omega,
sup) cannot be proved by looking at some; `examine` looks at the nodes of a quadrature and on a fine
grid, and finds the slip of a factor or of a sign, and a kink where none is allowed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array
from fieldlimit.field import Model
from fieldlimit.kernels import Kernel
from fieldlimit.nonlinearities import Nonlinearity

NODES = 256  # locations that are looked at
POTENTIALS = 2001  # potentials that are looked at
STEP = 1e-4  # of the difference quotients, relative to the range of potentials
SLACK = 1e-9  # relative: rounding of a norm or of a maximum

_KERNEL = ("space", "rank", "kappa", "omega", "k", "w")
_SPACE = ("dimension", "sample", "quadrature")
_NONLINEARITY = ("smoothness", "bounded", "derivative", "sup")


@dataclass(frozen=True)
class Finding:
    """One promise, whether it was seen to be kept, and what was seen."""

    promise: str
    kept: bool
    seen: str

    def __str__(self) -> str:
        return f"{'kept  ' if self.kept else 'BROKEN'} {self.promise}: {self.seen}"


def examine(model: Model) -> tuple[Finding, ...]:
    """Every promise of the model's kernel and nonlinearity, against a few hundred values."""
    kernel = tuple(_of_kernel(model.kernel))
    if not all(finding.kept for finding in kernel):
        return kernel
    reach = model.kernel.kappa * (1.0 + float(np.linalg.norm(model.I)) + model.kernel.omega)
    return (*kernel, *_of_nonlinearity(model.phi, reach))


def require_promises(model: Model) -> None:
    """ValueError with the first promise that is seen broken."""
    for finding in examine(model):
        if not finding.kept:
            raise ValueError(f"{finding.promise}, but {finding.seen}")


def _of_kernel(kernel: Kernel) -> Iterator[Finding]:
    missing = [name for name in _KERNEL if not hasattr(kernel, name)]
    yield Finding(
        f"a kernel has {', '.join(_KERNEL)}",
        not missing,
        f"this one lacks {', '.join(missing)}" if missing else "all are there",
    )
    if missing:
        return
    lacking = [name for name in _SPACE if not hasattr(kernel.space, name)]
    yield Finding(
        f"a space has {', '.join(_SPACE)}",
        not lacking,
        f"this one lacks {', '.join(lacking)}" if lacking else "all are there",
    )
    if lacking:
        return
    whole = isinstance(kernel.rank, int | np.integer) and kernel.rank >= 1
    yield Finding("rank is an integer >= 1", bool(whole), f"rank = {kernel.rank!r}")
    if not whole:
        return
    for name, feature, value in (("kappa", "k", kernel.kappa), ("omega", "w", kernel.omega)):
        yield Finding(
            f"{name} is finite and positive (a finite trace, int ||{feature}_x||^2 drho <= {name}^2)",
            bool(math.isfinite(value) and value > 0),
            f"{name} = {value}",
        )
    x = kernel.space.quadrature(NODES).nodes
    x = x[:: max(1, len(x) // NODES)]
    for name, features, bound in (("k", kernel.k, kernel.kappa), ("w", kernel.w, kernel.omega)):
        rows = np.asarray(features(x))
        real = np.isrealobj(rows)
        good = real and rows.shape == (len(x), kernel.rank) and bool(np.isfinite(rows).all())
        flaw = "" if np.isfinite(rows).all() else ", with infinite entries"
        yield Finding(
            f"{name}(x) is real and finite, of shape (n, rank) = {(len(x), kernel.rank)}",
            good,
            f"shape {rows.shape}" + (flaw if real else f", of type {rows.dtype}"),
        )
        if not good:
            return
        largest = float(np.linalg.norm(rows, axis=1).max())
        constant = "kappa" if name == "k" else "omega"
        yield Finding(
            f"{constant} bounds ||{name}_x||",
            largest <= bound * (1 + SLACK),
            f"the largest of {len(x)} is {largest:.6g}, and {constant} = {bound:.6g}",
        )
        part = slice(len(x) // 3, None, -1)  # other neighbours, another order, another mean
        apart = float(np.abs(features(x[part]) - rows[part]).max())
        yield Finding(
            f"each row of {name}(x) depends on its own location",
            apart <= SLACK * max(1.0, bound),
            f"a third of the locations, in reverse order, gives rows that differ by {apart:.2g}",
        )


def _of_nonlinearity(phi: Nonlinearity, reach: float) -> Iterator[Finding]:
    missing = [name for name in _NONLINEARITY if not hasattr(phi, name)]
    yield Finding(
        f"a nonlinearity is callable and has {', '.join(_NONLINEARITY)}",
        callable(phi) and not missing,
        f"this one lacks {', '.join(missing)}" if missing else "all are there",
    )
    if missing:
        return
    s = np.linspace(-reach, reach, POTENTIALS)
    least = float(np.min(phi(s)))
    yield Finding("phi >= 0", least >= 0, f"the least of {len(s)} values is {least:.3g}")
    for m in range(min(3, int(min(phi.smoothness, 3))) + 1):
        values = np.asarray(phi(s) if m == 0 else phi.derivative(s, m))
        good = values.shape == s.shape and bool(np.isfinite(values).all())
        yield Finding(f"phi^({m}) is finite, entry by entry", good, f"shape {values.shape}")
        if not good:
            return
        largest, bound = float(np.abs(values).max()), float(phi.sup(m, reach))
        yield Finding(
            f"sup({m}, radius) bounds |phi^({m})|",
            largest <= bound * (1 + SLACK) and bound <= float(phi.sup(m)) * (1 + SLACK),
            f"the largest for |s| <= {reach:.3g} is {largest:.6g}, sup gives {bound:.6g} there "
            f"and {phi.sup(m):.6g} on the line",
        )
        if m > 0:
            yield _lipschitz(phi, s, m, bound)
            yield _difference_quotient(phi, s, m, reach)


def _lipschitz(phi: Nonlinearity, s: Array, m: int, bound: float) -> Finding:
    """What the theorems use of sup(m): a Lipschitz constant of phi^(m-1). A kink or a jump breaks it."""
    values = np.asarray(phi.derivative(s, m - 1))
    rises, apart = np.abs(np.diff(values)), float(s[1] - s[0])
    steepest = float(rises.max()) / apart
    rounding = 4 * float(np.spacing(np.abs(values).max())) / apart
    return Finding(
        f"phi^({m - 1}) has the Lipschitz constant sup({m}, radius)",
        steepest <= bound * (1 + SLACK) + rounding,
        f"its steepest chord of length {apart:.2g} has slope {steepest:.6g}, and sup gives {bound:.6g}",
    )


def _difference_quotient(phi: Nonlinearity, s: Array, m: int, reach: float) -> Finding:
    """phi^(m) against the quotient of phi^(m-1), which errs by rounding and by step^2 phi^(m+2)/6."""
    step = STEP * reach
    lower, upper = (np.asarray(phi.derivative(s + e, m - 1)) for e in (-step, step))
    quotient, values = (upper - lower) / (2 * step), np.asarray(phi.derivative(s, m))
    error = float(np.abs(quotient - values).max())
    # Halving the step shows how much of it is the quotient's own error.
    near = (phi.derivative(s + step / 2, m - 1) - phi.derivative(s - step / 2, m - 1)) / step
    own = 2 * float(np.abs(near - quotient).max())
    allowed = own + 1e-6 * max(float(np.abs(values).max()), float(np.abs(upper).max()) / reach)
    return Finding(
        f"derivative(s, {m}) is the derivative of derivative(s, {m - 1})",
        error <= allowed,
        f"difference quotients differ by {error:.2g}, their own error is below {allowed:.2g}",
    )
