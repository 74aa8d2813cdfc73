"""The data models: importing a file here is all that makes one known everywhere."""

from replica.data._pairs import PairChannel, PairDensity, PairOverlaps
from replica.data.average import over_classes
from replica.data.base import Channel, Classes, Data, Overlaps, Patterns
from replica.data.clusters import Clusters
from replica.data.covariates import Covariates
from replica.data.gaussian_mixture import GaussianMixture
from replica.data.random_features import RandomFeatures
from replica.data.random_labels import RandomLabels
from replica.data.teacher import Teacher

__all__ = [
    "Channel",
    "Classes",
    "Clusters",
    "Covariates",
    "Data",
    "GaussianMixture",
    "Overlaps",
    "PairChannel",
    "PairDensity",
    "PairOverlaps",
    "Patterns",
    "RandomFeatures",
    "RandomLabels",
    "Teacher",
    "over_classes",
]
