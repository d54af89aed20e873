"""Control of all states of a ball at once, from one state or from the class of all; and its limits."""

from fieldlimit.uniform.ball import (
    Ball,
    Remainder,
    ball,
    contraction_mean,
    rank_deviation,
    uniform_deviation,
    uniform_guarantees,
    uniform_mean,
)
from fieldlimit.uniform.neighbourhood import moment_root, neighbourhood_deviation
from fieldlimit.uniform.shatter import shattering_floor, shattering_state, told_apart
from fieldlimit.uniform.worst import WorstState, worst_state

__all__ = [
    "Ball",
    "Remainder",
    "WorstState",
    "ball",
    "contraction_mean",
    "moment_root",
    "neighbourhood_deviation",
    "rank_deviation",
    "shattering_floor",
    "shattering_state",
    "told_apart",
    "uniform_deviation",
    "uniform_guarantees",
    "uniform_mean",
    "worst_state",
]
