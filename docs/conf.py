"""Settings of the documentation. Nothing is fetched when it is read: mathematics and search come with it."""

import importlib
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
GENERATED = HERE / "generated"
sys.path[:0] = [str(HERE.parent), str(HERE)]
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])  # of notebooks
os.environ.setdefault("MPLBACKEND", "Agg")

project = "replica"
author = "The replica developers"
copyright = "the replica developers, MIT licence"
version = release = importlib.import_module("replica").__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_nb",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
    "sphinx_click",
    "sphinx-mathjax-offline",
]
exclude_patterns = ["build", "gallery", "figures", "generated/.cache", "generated/gallery/*.ipynb"]
default_role = "autolink"
suppress_warnings = ["config.cache", "ref.python"]  # names that two classes have are no links

# the notebooks are kept without what they print, in a folder of their own; here they are pages
shutil.copytree(HERE.parent / "notebooks", GENERATED / "tutorials", dirs_exist_ok=True)
nb_execution_mode = "cache"
nb_execution_cache_path = str(GENERATED / ".cache")
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # no widgets, so nothing to fetch for them
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
#: names that differ in capitals alone, which some disks take for the same
autosummary_filename_map = {
    f"replica.{name}": f"replica.{name}-class"
    for name in ("Clusters", "Covariates", "KernelRegression", "Parity", "Perceptron", "Reference", "Threshold")
}
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

#: names in docstrings that have no page: the engine's, and what is not public
nitpick_ignore_regex = [
    (r"py:.*", r"saddlepoint\..*|covariates\.from_data|Solution\.enclose"),
    (r"py:.*", r"replica\.(weights|ansatz\.replicated|architectures\.activations|thresholds\.enclosed)\b.*"),
]

bibtex_bibfiles = ["../replica/files/references.bib"]
bibtex_default_style = "unsrt"

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "generated/gallery",
    "filename_pattern": r"\.py$",
    "image_scrapers": ("_pictures.pictures",),
    "reset_modules": (),
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_signature": False,
    "show_memory": False,
    "write_computation_times": False,
    "remove_config_comments": True,
    "abort_on_example_error": True,
    "default_thumb_file": str(HERE / "figures" / "capacity.png"),
}

templates_path = ["_templates"]
html_theme = "pydata_sphinx_theme"
html_title = "replica"
html_static_path = ["_static"]
html_css_files = ["replica.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "pygments_light_style": "tango",
}
