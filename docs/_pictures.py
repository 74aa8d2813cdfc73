"""What the scripts of the gallery leave behind: each writes its figure as a `.png` in the folder where it runs."""

import shutil
from pathlib import Path
from typing import Any

from sphinx_gallery.scrapers import figure_rst


def pictures(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Move the figures of a block to where the gallery wants them, and show them."""
    moved = []
    for written in sorted(Path(block_vars["src_file"]).parent.glob("*.png")):
        moved.append(block_vars["image_path_iterator"].next())
        shutil.move(written, moved[-1])
    return figure_rst(moved, gallery_conf["src_dir"])
