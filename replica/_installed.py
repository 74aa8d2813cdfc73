"""What other distributions bring: members of the families that they announce, and a package of the same name."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path

#: the group of entry points under which a distribution names modules that define members
GROUP = "replica.members"
#: what a module of somebody else may raise while it is imported
BROKEN = (ArithmeticError, AttributeError, ImportError, LookupError, OSError, SyntaxError, TypeError, ValueError)


@functools.cache
def load_members() -> tuple[str, ...]:
    """Import the modules of the group, once; what does not import is named in a warning and left out.

    Returns
    -------
    tuple of str
        The names under which they were announced.
    """
    from importlib.metadata import entry_points  # takes longer to import than most questions to ask

    loaded = []
    for entry in entry_points(group=GROUP):
        try:
            entry.load()
        except BROKEN as error:
            warnings.warn(f"the members {entry.name!r} ({entry.value}) are left out: {error}", stacklevel=2)
        else:
            loaded.append(entry.name)
    return tuple(loaded)


def warn_of_namesake(folder: Path) -> None:
    """Warn where the distribution ``replica``, another project, is installed into the same folder."""
    found = sorted(folder.glob("replica-[0-9]*.dist-info"))
    if found:
        warnings.warn(
            f"another distribution, {found[0].name.removesuffix('.dist-info')}, brings a package of this name into the "
            "same folder: uninstall it, then install replica-theory again",
            stacklevel=3,
        )
