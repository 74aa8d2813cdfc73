"""The version of the package, read by the build and by the command line."""

__version__ = "1.0.0"
