"""Control on a whole ball of states, not at one state only."""

from fieldlimit.uniform.neighbourhood import moment_root, neighbourhood_deviation

__all__ = ["moment_root", "neighbourhood_deviation"]
