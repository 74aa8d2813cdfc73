"""``python -m replica``: the command line where the ``replica`` script is not on the path."""

import sys

from replica.cli import main

sys.exit(main())
