"""Datasets on disk, and the record of what made them."""
