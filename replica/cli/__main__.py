"""``python -m replica.cli``: the command line without an installed script."""

from replica.cli import main

raise SystemExit(main())
