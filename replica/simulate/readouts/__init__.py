"""What is measured on weights that an algorithm found: importing a file here is all that makes one known everywhere."""

from replica.simulate.readouts.base import Readout
from replica.simulate.readouts.flatness import Flatness
from replica.simulate.readouts.hessian import Hessian
from replica.simulate.readouts.local_entropy import LocalEntropy
from replica.simulate.readouts.margins import Margins
from replica.simulate.readouts.tangent_kernel import TangentKernel

__all__ = ["Flatness", "Hessian", "LocalEntropy", "Margins", "Readout", "TangentKernel"]
