"""The activations of hidden units: importing a file here is all that makes one known everywhere."""

from replica.architectures.activations.base import Activation, Kernel
from replica.architectures.activations.custom import Custom
from replica.architectures.activations.erf import Erf
from replica.architectures.activations.gelu import GELU
from replica.architectures.activations.leaky_relu import LeakyReLU
from replica.architectures.activations.linear import Identity
from replica.architectures.activations.quadratic import Quadratic
from replica.architectures.activations.relu import ReLU
from replica.architectures.activations.sign import Sign
from replica.architectures.activations.tanh import Tanh

__all__ = [
    "GELU",
    "Activation",
    "Custom",
    "Erf",
    "Identity",
    "Kernel",
    "LeakyReLU",
    "Quadratic",
    "ReLU",
    "Sign",
    "Tanh",
]
