"""The simulation algorithms: importing a file here is all that makes one known everywhere."""

from replica.simulate.algorithms.annealing import Annealing
from replica.simulate.algorithms.base import Algorithm, Outcome
from replica.simulate.algorithms.belief_propagation import BeliefPropagation
from replica.simulate.algorithms.entropic_sgd import EntropicSGD
from replica.simulate.algorithms.entropy_driven_mc import EntropyDrivenMC
from replica.simulate.algorithms.enumeration import Enumeration
from replica.simulate.algorithms.erm import ERM
from replica.simulate.algorithms.focusing_bp import FocusingBP
from replica.simulate.algorithms.gradient_descent import GradientDescent
from replica.simulate.algorithms.langevin import Langevin
from replica.simulate.algorithms.least_action import LeastAction
from replica.simulate.algorithms.max_margin import MaxMargin
from replica.simulate.algorithms.max_sum import MaxSum
from replica.simulate.algorithms.min_over import MinOver
from replica.simulate.algorithms.population_annealing import PopulationAnnealing
from replica.simulate.algorithms.reinforced_bp import ReinforcedBP
from replica.simulate.algorithms.replicated_annealing import ReplicatedAnnealing
from replica.simulate.algorithms.replicated_sgd import ReplicatedSGD
from replica.simulate.algorithms.sbpi import SBPI

__all__ = [
    "ERM",
    "SBPI",
    "Algorithm",
    "Annealing",
    "BeliefPropagation",
    "EntropicSGD",
    "EntropyDrivenMC",
    "Enumeration",
    "FocusingBP",
    "GradientDescent",
    "Langevin",
    "LeastAction",
    "MaxMargin",
    "MaxSum",
    "MinOver",
    "Outcome",
    "PopulationAnnealing",
    "ReinforcedBP",
    "ReplicatedAnnealing",
    "ReplicatedSGD",
]
