"""Measurements of accuracy and speed, run by hand or with ``make bench``; no part of the packages."""
