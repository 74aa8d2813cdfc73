"""Networks of infinite width: kernels, regression with them, gradient descent, and deep linear networks."""
