"""The data models: importing a file here is all that makes one known everywhere."""

from replica.data.average import over_classes
from replica.data.base import Channel, Classes, Data, Overlaps, PairChannel, PairDensity, PairOverlaps, Patterns
from replica.data.clusters import Clusters
from replica.data.gaussian_mixture import GaussianMixture
from replica.data.random_labels import RandomLabels
from replica.data.teacher import Teacher

__all__ = [
    "Channel",
    "Classes",
    "Clusters",
    "Data",
    "GaussianMixture",
    "Overlaps",
    "PairChannel",
    "PairDensity",
    "PairOverlaps",
    "Patterns",
    "RandomLabels",
    "Teacher",
    "over_classes",
]
