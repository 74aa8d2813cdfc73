"""Replica symmetry breaking."""
