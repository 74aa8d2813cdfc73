"""Observables over grids, and phase diagrams."""
