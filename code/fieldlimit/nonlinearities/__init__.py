"""Nonlinearities phi: from a neuron's potential to its rate, in spikes per tau.

Each carries what the theorems ask of it: its derivatives and sup |phi^(m)| over |s| <= radius.
"""

from fieldlimit.nonlinearities.base import Nonlinearity
from fieldlimit.nonlinearities.error_function import ErrorFunction
from fieldlimit.nonlinearities.logistic import Logistic, tanh_rate
from fieldlimit.nonlinearities.unbounded import Exponential, ThresholdLinear

__all__ = [
    "ErrorFunction",
    "Exponential",
    "Logistic",
    "Nonlinearity",
    "ThresholdLinear",
    "tanh_rate",
]
