"""Replica symmetry: equations, branches, special states."""
