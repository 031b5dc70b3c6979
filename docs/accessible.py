"""What Sphinx's pages lack: for those who use a keyboard or a screen reader, and in the search."""

from __future__ import annotations

import re

from docutils import nodes


def parameters(body: str) -> str:
    """Parameters over several lines are lines, and no list of definitions, whatever Sphinx says."""

    def lines(match: re.Match) -> str:
        return re.sub(r"<(/?)d[ld]>", r"<\1div>", match[0]).replace("<div>", '<div class="sig-lines">', 1)

    return re.sub(r'<dl>\s*(<dd><em class="sig-param">.*</dd>\s*)+</dl>', lines, body)


def corner(body: str) -> str:
    """The empty corner of a table is no heading."""
    return re.sub(r'<th class="head[^"]*">(?:<p></p>)?</th>', "<td></td>", body)


def first_sentence(page: nodes.document) -> str:
    """The first sentence of a page (no mere "Optional." and no "Eqs."), or nothing."""
    words = next((" ".join(found.astext().split()) for found in page.findall(nodes.paragraph)), "")
    sentence = re.match(r".{20,}?[.!?](?=\s|$)", words)
    return sentence[0] if sentence else words


def improve(app, name: str, template: str, context: dict, page: nodes.document | None) -> None:
    """Change a page just before it is written."""
    context["body"] = corner(parameters(context.get("body", "")))
    if name == "search":  # the sentences are part of its page: a browser fetches nothing for a page on a disk
        env = app.env
        context["summaries"] = {name: first_sentence(env.get_doctree(name)) for name in sorted(env.found_docs)}
