"""Which solvers are tried on the replica-symmetric equations, and in which order."""

from saddlepoint import Bracket, Ladder, Newton, Picard, Tolerance

SCALAR = Newton(max_step=3.0)
# the second for patterns that are violated once in 1e15 or less
WHOLE_BRANCH = Ladder(Bracket(low=-70.0, high=56.0), Bracket(low=-700.0, high=-60.0))
# the curvature of a paramagnet: its logarithm where the loss is log-concave, itself elsewhere
PARAMAGNET = Ladder(Newton(), Bracket(low=-25.0, high=15.0, points=161))
GENERAL = Ladder(Newton(max_step=3.0), Picard(damping=0.5, steps=400))
CAREFUL = Ladder(Newton(max_step=1.0), Picard(damping=0.5, steps=400))
ROUGH = Tolerance(absolute=1e-6)
FIRST_STEPS = Picard(steps=25)
