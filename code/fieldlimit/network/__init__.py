"""The spiking network: linear-nonlinear-Poisson neurons, simulated exactly in the coordinates of H.

dZ = (-Z + I) dt + (1/N) sum_j w_{x_j} dS_j, with S_j of intensity phi(Z_{t-}(x_j)): the state is
the r-vector Z, the potential of neuron j is <Z, k_j>.
"""

from fieldlimit.network.clocked import simulate_clocked
from fieldlimit.network.inputs import Constant, Input, Path, Steps, Wave
from fieldlimit.network.measure import PoissonMeasure, Points
from fieldlimit.network.simulation import simulate, stream
from fieldlimit.network.spikes import Spikes, activity, potentials

__all__ = [
    "Constant",
    "Input",
    "Path",
    "Points",
    "PoissonMeasure",
    "Spikes",
    "Steps",
    "Wave",
    "activity",
    "potentials",
    "simulate",
    "simulate_clocked",
    "stream",
]
