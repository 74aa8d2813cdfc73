"""Two classes of real data: estimates, predicted learning curves, fits beside them."""
