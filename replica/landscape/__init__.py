"""What surrounds solutions: references, and a file for each verb."""
