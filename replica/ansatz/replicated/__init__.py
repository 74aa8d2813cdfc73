"""Groups of y replicas: real ones, and round a centre."""
