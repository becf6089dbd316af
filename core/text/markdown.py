"""Notes of users as HTML: CommonMark without raw HTML and without images; links go to web pages or mail addresses only.

Nothing in a note runs, and nothing in it makes the browser request anything before somebody follows a link.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from core.text.units import visible

_ALLOWED = re.compile(r"(https?://[^/?#\s]|mailto:)", re.IGNORECASE)
_URL = re.compile(r"(https?://[^\s<>()\[\]\"'`\\]*[^\s<>()\[\]\"'`\\.,;:!?*_~])", re.IGNORECASE)
_LEVELS_ABOVE = 3
"""Headings of the page above a note: its own begin at ``h4``."""


def note_html(text: str) -> str:
    """``text`` (Markdown) as safe HTML. Line breaks are kept; an image becomes a link to it."""
    html = _parser().render(text)
    return "\n".join(visible(line.expandtabs(4)) for line in html.split("\n"))


class _NoteParser(MarkdownIt):
    def validateLink(self, url: str) -> bool:
        return _ALLOWED.match(url) is not None


@cache
def _parser() -> MarkdownIt:
    parser = _NoteParser("commonmark", {"html": False, "breaks": True})
    parser.enable("strikethrough").disable(["html_block", "html_inline", "image"])
    parser.core.ruler.push("notes", _adapt)
    return parser


def _adapt(state: StateCore) -> None:
    """Headings below those of the page, bare URLs as links, and every link in a new tab."""
    for block in state.tokens:
        if block.type in ("heading_open", "heading_close"):
            block.tag = f"h{min(int(block.tag[1]) + _LEVELS_ABOVE, 6)}"
        block.children = list(_linked(block.children)) if block.children else block.children
        for token in block.children or ():
            if token.type == "link_open":
                token.attrs |= {"target": "_blank", "rel": "noopener noreferrer nofollow"}


def _linked(tokens: Sequence[Token]) -> Iterator[Token]:
    """``tokens`` with the URLs that stand in plain text as links."""
    depth = 0
    for token in tokens:
        depth += token.nesting if token.tag == "a" else 0
        if depth or token.type != "text":
            yield token
            continue
        for place, part in enumerate(_URL.split(token.content)):
            text = Token("text", "", 0, content=part)
            if place % 2:
                href = _parser().normalizeLink(part)
                yield from (Token("link_open", "a", 1, attrs={"href": href}), text, Token("link_close", "a", -1))
            else:
                yield text
