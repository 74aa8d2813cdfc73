"""Markdown tables and summaries of the measurements; nothing is measured here."""

from __future__ import annotations

import math
import platform
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np


def table(head: list[str], rows: list[list[Any]]) -> str:
    """A markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Processor and versions, for the record."""
    import numba

    chip = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip()
            for line in info.read_text().splitlines()
            if line.startswith("model name")
        ]
        chip = names[0] if names else chip
    return f"{chip}; Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}"


def ratio(entry: dict[str, float]) -> float:
    """True over reported error."""
    if entry["off"] == 0:
        return 0.0
    return entry["off"] / entry["error"] if entry["error"] > 0 else math.inf


def compared(rows: list[dict[str, Any]]) -> list[tuple[dict[str, Any], str, dict[str, float], float]]:
    """All (row, name, entry, ratio) of solved points."""
    return [
        (row, name, entry, ratio(entry)) for row in rows for name, entry in row.get("quantities", {}).items()
    ]


def family_rows(rows: list[dict[str, Any]]) -> list[list[Any]]:
    """One line for each family."""
    lines = []
    for family in sorted({row["family"] for row in rows}):
        mine = [row for row in rows if row["family"] == family]
        entries = compared(mine)
        solved = sum(row["converged"] for row in mine)
        inside = sum(r <= 1 for *_, r in entries)
        worst = max(entries, key=lambda e: e[3], default=None)
        off = {
            name: max((e["off"] for _, n, e, _ in entries if n == name), default=math.nan)
            for name in ("q", "free_entropy")
        }
        hat = max(
            (e["off"] / e["value"] for _, n, e, _ in entries if n == "q_hat" and e["value"]), default=math.nan
        )
        lines.append(
            [
                family,
                len(mine),
                len(mine) - solved,
                len(entries),
                f"{inside / max(1, len(entries)):.2%}",
                "-" if worst is None else f"{worst[3]:.2g} ({worst[1]})",
                f"{off['q']:.0e}",
                f"{off['free_entropy']:.0e}",
                f"{hat:.0e}",
            ]
        )
    return lines


def quantity_rows(rows: list[dict[str, Any]]) -> list[list[Any]]:
    """One line for each quantity: how the ratio of true to reported error is distributed."""
    entries = compared(rows)
    lines = []
    for name in dict.fromkeys(n for _, n, _, _ in entries):
        ratios = np.array([r for _, n, _, r in entries if n == name])
        quarter, half, most = np.quantile(ratios, [0.5, 0.9, 0.99])
        lines.append(
            [
                name,
                ratios.size,
                f"{np.mean(ratios <= 1):.2%}",
                f"{quarter:.2g}",
                f"{half:.2g}",
                f"{most:.2g}",
                f"{ratios.max():.2g}",
            ]
        )
    return lines


def solvable(row: dict[str, Any]) -> bool:
    """Whether the scan found a solution."""
    return row["branch"]["place"] in ("reached", "paramagnet")


def verdicts(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts that must be zero, and what was looked up on the branch."""
    solved = [row for row in rows if row["converged"]]
    frozen = [row for row in solved if row["kind"] == "without conjugates"]
    unsolved = [row for row in rows if not row["converged"]]
    followed = [row for row in solved if "branch" in row and row["kind"] == "saddle"]
    wrong = [
        row
        for row in solved
        if row["kind"] == "no true solution near"
        or any(r > 100 and e["off"] > 1e-9 * abs(e["value"]) for _, _, e, r in compared([row]))
    ]
    late = [
        row
        for row in followed
        if row["branch"]["place"] == "beyond" or (row["branch"].get("gap") or 0) > 1e-5
    ]
    return {
        "solved": len(solved),
        "silently wrong": [row["index"] for row in wrong],
        "unsolved": len(unsolved),
        "unsolved with a solution": [row["index"] for row in unsolved if solvable(row)],
        "frozen teacher": len(frozen),
        "frozen with an uninformed solution": [row["index"] for row in frozen if solvable(row)],
        "followed from alpha = 0": sum(row["branch"]["place"] == "reached" for row in followed),
        "not the first on the branch": [row["index"] for row in late],
    }


FAMILY_HEAD = ["family", "points", "unsolved", "numbers", "inside the error", "worst ratio"]
FAMILY_HEAD += ["worst error of q", "of the free entropy", "of ln q_hat"]
QUANTITY_HEAD = ["quantity", "numbers", "inside the error", "median ratio", "90%", "99%", "worst"]
WORST_HEAD = ["ratio", "quantity", "value", "true error", "reported", "family", "alpha", "margin", "beta"]


def worst_rows(worst: list[tuple[dict[str, Any], str, dict[str, float], float]]) -> list[list[Any]]:
    """Lines for the largest ratios."""
    lines = []
    for row, name, entry, found in worst:
        numbers = [f"{entry['value']:.6g}", f"{entry['off']:.1e}", f"{entry['error']:.1e}"]
        point = [f"{row['point'][key]:.6g}" for key in ("alpha", "kappa", "beta")]
        lines.append([f"{found:.2g}", name, *numbers, row["family"], *point])
    return lines


def status_rows(rows: list[dict[str, Any]]) -> list[list[Any]]:
    """Why points were not solved, counted."""
    unsolved = [(row["family"], row["status"].split(" at alpha")[0]) for row in rows if not row["converged"]]
    return [[*key, count] for key, count in sorted(Counter(unsolved).items())]


def accuracy_report(rows: list[dict[str, Any]], seed: int) -> tuple[dict[str, Any], str]:
    """The summary for the JSON file and the text of the markdown file."""
    entries, found, families = compared(rows), verdicts(rows), family_rows(rows)
    inside = sum(r <= 1 for *_, r in entries)
    worst = sorted(entries, key=lambda e: -e[3])[:10]
    checks = [[name, len(v) if isinstance(v, list) else v] for name, v in found.items()]
    parts = [
        "# True errors against reported errors\n",
        f"{len(rows)} random points (seed {seed}), {len(entries)} numbers, each against an independent one "
        "in mpmath, good to about 1e-21. Ratio: true error over reported error.\n",
        f"Inside the reported error: {inside}, {inside / max(1, len(entries)):.3%}.\n",
        table(["check", "result"], checks),
        "## Families\n",
        table(FAMILY_HEAD, families),
        "## Quantities\n",
        table(QUANTITY_HEAD, quantity_rows(rows)),
        "## Largest ratios\n",
        table(WORST_HEAD, worst_rows(worst)),
        "## Statuses of unsolved points\n",
        table(["family", "status", "points"], status_rows(rows)),
        f"Machine: {machine()}.\n",
    ]
    summary: dict[str, Any] = {"seed": seed, "points": len(rows), "numbers": len(entries), "inside": inside}
    summary |= {"checks": found, "families": [dict(zip(FAMILY_HEAD, line, strict=True)) for line in families]}
    summary["worst"] = [
        {"ratio": r, "quantity": n, **e, "index": row["index"], "family": row["family"]}
        for row, n, e, r in worst
    ]
    return summary, "\n".join(parts)
