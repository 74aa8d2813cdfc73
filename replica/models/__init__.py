"""Models: the composition of four parts, and shorthands for common ones."""
