"""The tabs of the explorer: a new page is a file and a line here."""

from __future__ import annotations

from replica.explore.pages.clusters import PAGE as CLUSTERS
from replica.explore.pages.covariates import PAGE as COVARIATES
from replica.explore.pages.landscape import PAGE as LANDSCAPE
from replica.explore.pages.negative import PAGE as NEGATIVE

PAGES = (LANDSCAPE, CLUSTERS, COVARIATES, NEGATIVE)

__all__ = ["PAGES"]
