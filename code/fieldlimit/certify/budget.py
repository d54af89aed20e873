"""One level delta for all events: who gets what share of it, and that the shares add up."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fieldlimit.checks import probability


@dataclass(frozen=True)
class Event:
    """Something that may fail with probability at most `level`."""

    event: str  # the inequality that holds otherwise
    group: str  # the claims that need it
    level: float


@dataclass(frozen=True)
class Budget:
    """Shares of delta for the groups of claims: positive for those asked for, with sum 1.

    Within a group the events have the shares of its theorem. By the union bound all events hold
    together, and with them all claims, with probability >= 1 - delta.
    """

    delta: float
    fixed_point: float
    spectrum: float
    trajectories: float

    def __post_init__(self) -> None:
        probability("delta", self.delta)
        shares = (self.fixed_point, self.spectrum, self.trajectories)
        if min(shares) < 0 or self.fixed_point == 0 or abs(math.fsum(shares) - 1) > 1e-12:
            raise ValueError(
                f"shares are at least 0 with sum 1, that of the fixed point positive, but they are {shares}"
            )

    @property
    def levels(self) -> tuple[float, float, float]:
        """delta times the shares: of fixed point, spectrum, trajectories; 0 where not asked for."""
        return (
            self.delta * self.fixed_point,
            self.delta * self.spectrum,
            self.delta * self.trajectories,
        )


def budget(delta: float, *, spectrum: bool, trajectories: bool) -> Budget:
    """Half for the fixed point when there is more to certify, the rest in parts of 3 and 2.

    The radius of the fixed point is the first thing one reads; a level half as large costs about
    12 % in a deviation, so that nothing else matters much.
    """
    if spectrum and trajectories:
        return Budget(delta, 0.5, 0.3, 0.2)
    if spectrum or trajectories:
        return Budget(delta, 0.6, 0.4 if spectrum else 0.0, 0.4 if trajectories else 0.0)
    return Budget(delta, 1.0, 0.0, 0.0)
