"""The works of the docstrings as BibTeX, by volume and page."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files


@cache
def entries() -> dict[tuple[str, ...], str]:
    """Entries of ``references.bib`` by volume and first page, and by year and the names of the first two authors."""
    found: dict[tuple[str, ...], str] = {}
    for entry in files("replica.files").joinpath("references.bib").read_text(encoding="utf-8").splitlines():
        fields = dict(re.findall(r"\b(\w+)=\{((?:[^{}]|\{[^{}]*\})*)\}", entry))
        if "volume" in fields and "pages" in fields:
            found[fields["volume"], fields["pages"].partition("-")[0]] = entry
        names = [_plain(name.partition(",")[0]) for name in fields.get("author", "").split(" and ")]
        found[fields.get("year", ""), *names[:2]] = entry
    return found


def _plain(name: str) -> str:
    """A surname without TeX's accents."""
    return re.sub(r"\\.|[{}]", "", name).split()[-1].lower() if name.split() else ""


def bibtex(work: str) -> str:
    """The BibTeX entry of a work as docstrings name it; of one that the list lacks a note with its words.

    Examples
    --------
    >>> from replica.files.bibliography import bibtex
    >>> bibtex("E. Gardner, J. Phys. A 21, 257 (1988)")[:21]
    '@article{gardner1988,'
    >>> bibtex("A. Nobody (1900)")
    '@misc{nobody1900, note={A. Nobody (1900)}}'
    """
    for volume, page in re.findall(r"\b([A-Z]?\d+)(?:\([^)]*\))?, ([A-Z]?\d+)", work):
        if (volume, page) in entries():
            return entries()[volume, page]
    people = re.split(r", (?=[A-Z]\. )| and ", work)[:2]
    names = [_plain(re.split(r",| et al\.| \(", name)[0]) for name in people]
    if " et al." in people[0] or len(people) == 1 or "," in people[0]:
        names = names[:1]
    years = re.findall(r"\((\d{4})\)", work)
    year = years[0] if years else ""
    if (year, *names) in entries():
        return entries()[year, *names]
    key = re.sub(r"\W", "", names[0]) + year
    return f"@misc{{{key}, note={{{work}}}}}"
