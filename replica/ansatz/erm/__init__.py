"""Minimisers of a risk: one vector of least cost at zero temperature."""
