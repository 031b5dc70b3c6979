"""Sphinx's settings for the site. `docs/build.py` gathers the pages and calls Sphinx with them."""

import re
from importlib.util import find_spec
from pathlib import Path

import accessible
import live

import examples

HERE = Path(__file__).parent
MATHJAX = Path(find_spec("sphinx-mathjax-offline").submodule_search_locations[0]) / "static" / "mathjax"

project = "micra_lite"
author = "The micra_lite developers"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
]
exclude_patterns = ["README.md"]  # parts of it are included elsewhere

nb_code_prompt_show, nb_code_prompt_hide = "Show the code", "Hide the code"
nb_execution_mode = "off"  # the notebooks are executed by `make notebooks`, and only there
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

default_role = "py:obj"  # `name` in a docstring: a link where there is such a name, else code
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "ignore-module-all": True}
autodoc_inherit_docstrings = False
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 80
add_module_names = False

html_theme = "furo"
pygments_style, pygments_dark_style = "a11y-high-contrast-light", "a11y-high-contrast-dark"
html_title = "micra_lite"
# One file draws every formula: no network, and no fonts, which a browser refuses to a page that lies on a disk.
html_static_path = [str(HERE / "static"), str(MATHJAX / "tex-svg.js")]
mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}}  # its menu would ask for more files
html_css_files = ["site.css", "live.css"]
html_js_files = ["site.js"]
templates_path = [str(HERE / "templates")]
html_copy_source = False
html_show_search_summary = False  # Sphinx would fetch pages for it, which a browser refuses, too
html_show_copyright = False
html_favicon = str(HERE / "static" / "favicon.svg")
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": False}  # arrow keys are for sliders and games


def paragraph(text: str) -> str:
    """One paragraph of a docstring: an example, a formula, or prose and lists."""
    if text.startswith(">>>"):
        return text
    if text.startswith("|"):  # a table
        return "::\n\n" + re.sub("^", "    ", text, flags=re.MULTILINE)
    if text.startswith("    "):  # stays as it is set, four spaces to the right of what surrounds it
        around = text[: len(text) - len(text.lstrip()) - 4]
        return f"{around}::\n\n{text}"
    emphasis_or_sign = r"(\*{1,2}\w(?:[^*]*\w)?\*{1,2}(?!\w))|[*|]|_(?!\w)"
    text = re.sub(emphasis_or_sign, lambda found: found[1] or f"\\{found[0]}", text)  # |A|, a_-i: no markup
    text = re.sub(r"^(\s*\w\. )", r"\n\1", text, flags=re.MULTILINE)  # lists within lists ask for empty lines
    return re.sub(r"(?:^|(?<=\.)\s)(Args:|Returns|Raises)(?=\s)", r"\n\n**\1**", text)


def as_restructured_text(app, what, name, obj, options, lines: list[str]) -> None:
    """Docstrings are written to be read as they are: say in reStructuredText what their layout says."""
    if lines and lines[0].startswith("Alias for field number"):  # what Python says of a named tuple's parts
        lines.clear()
    lines += examples.added(name, lines)
    lines[:] = "\n\n".join(map(paragraph, "\n".join(lines).split("\n\n"))).split("\n")


def with_scripts(app, pagename, templatename, context, doctree) -> None:
    """Put the script of the widgets into the pages that have some: a page from the disk may not ask for modules."""
    body = context.get("body", "")
    if 'class="live"' in body:
        app.add_js_file(None, body=live.script(game="&quot;OpeningGame&quot;" in body))


def setup(app) -> None:
    app.connect("html-page-context", with_scripts)
    app.connect("autodoc-process-docstring", as_restructured_text)
    app.connect("html-page-context", accessible.improve)
