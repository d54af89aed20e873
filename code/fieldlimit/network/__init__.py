"""The spiking network: linear-nonlinear-Poisson neurons, simulated exactly in the coordinates of H.

dZ = (-Z + I) dt + (1/N) sum_j w_{x_j} dS_j, with S_j of intensity phi(Z_{t-}(x_j)): the state is
the r-vector Z, the potential of neuron j is <Z, k_j>.

`simulate` and `stream` have no time step and cost O(r) a spike (chapter 15): candidates under bounds
of the rates, a tube around a guess that decides most of them (`tube_radius`, `candidate_rate`), and
Picard's iteration for the rest (`picard`, `wrong_candidates`). `thinning` is the definition, one
candidate after the other; `simulate_clocked` the common method, with what it gets wrong
(`clocked_error`, `clocked_eigenvalue`). An `Input` changes in time; a `Measure` (`PoissonCells`)
drives several networks with the same points; `potentials` and `activity` read a record of `Spikes`.
"""

from fieldlimit.network.blocks import candidate_rate
from fieldlimit.network.clocked import clocked_eigenvalue, clocked_error, simulate_clocked
from fieldlimit.network.inputs import Constant, Input, Path, Steps, Wave
from fieldlimit.network.iteration import Undecided, one_pass, picard, wrong_candidates
from fieldlimit.network.measure import Measure, Points, PoissonCells
from fieldlimit.network.rules import Acceptance, acceptance
from fieldlimit.network.sequential import thinning
from fieldlimit.network.simulation import simulate, stream
from fieldlimit.network.spikes import Spikes, activity, potentials
from fieldlimit.network.tube import tube_radius

__all__ = [
    "Acceptance",
    "Constant",
    "Input",
    "Measure",
    "Path",
    "Points",
    "PoissonCells",
    "Spikes",
    "Steps",
    "Undecided",
    "Wave",
    "acceptance",
    "activity",
    "candidate_rate",
    "clocked_eigenvalue",
    "clocked_error",
    "one_pass",
    "picard",
    "potentials",
    "simulate",
    "simulate_clocked",
    "stream",
    "thinning",
    "tube_radius",
    "wrong_candidates",
]
