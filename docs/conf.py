"""How Sphinx builds the site: ``python -m sphinx -W --keep-going docs site``.

The build needs no network. Links into the documentation of numpy, pandas and others have to fetch
their inventories, so they are made only where EARLYWARN_INTERSPHINX is set to something.
"""

import os
import sys
from pathlib import Path

from sphinx.application import Sphinx

import earlywarn

sys.path.insert(0, str(Path(__file__).parent))

import made_pages

project = "earlywarn"
author = "The earlywarn contributors"
copyright = author  # noqa: A001 - the name that Sphinx looks for
version = release = earlywarn.__version__
language = "en_GB"

extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc", "myst_nb"]
templates_path = ["_templates"]
exclude_patterns = ["_templates", "**.ipynb_checkpoints"]
nitpicky = True

if os.environ.get("EARLYWARN_INTERSPHINX"):
    extensions += ["sphinx.ext.intersphinx"]
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "pandas": ("https://pandas.pydata.org/docs", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
        "matplotlib": ("https://matplotlib.org/stable", None),
    }

# Notebooks are run by the tests: the site shows the outputs that are stored in them.
nb_execution_mode = "off"
myst_heading_anchors = 3

# Docstrings give the types, so signatures need not repeat them.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {
    # scikit-learn makes these two; their docstrings are about its own settings.
    "exclude-members": "set_fit_request, set_score_request",
}
autosummary_generate = True
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = "earlywarn"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "show_prev_next": True,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
}
# Pages that stand alone have no section to navigate.
html_sidebars = {"index": [], "tutorial/index": [], "search": [], "genindex": []}


def setup(app: Sphinx) -> None:
    """Write the pages that are made, and let links between originals lead to their pages."""
    made_pages.write_all()
    app.connect("source-read", made_pages.turn_links)
