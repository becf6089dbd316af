"""Notes of users as markdown that can be shown: a note never runs markup and never makes the browser call out.

Not a filter but a rewriting: what is known (below) is written anew, everything else is escaped letter by letter with
``plain``. So raw HTML, pictures, links to anything but the web, Streamlit's own directives and formulas are just text.
Known are lines, headings, lists, quotes, rules, code, **bold**, *italic*, ~~struck~~ and links to the web.
"""

import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from core.text.units import plain

_URL = r"https?://[^\s<>()\[\]\"'`\\]+"
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_RULE = re.compile(r"\s*([-*_])(?:\s*\1){2,}\s*$")
_HEADING = re.compile(r"\s*(#{1,6})\s+(.*)$")
_QUOTE = re.compile(r"\s*>\s?(.*)$")
_ITEM = re.compile(r"(\s*)([-*+]|\d{1,3}[.)])\s+(.*)$")
_TOP_HEADING = 4
"""The page has three levels above a note."""


def safe_markdown(text: str) -> str:
    """``text`` as harmless markdown. Lines stay lines; pictures become links to them."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    shown: list[str] = []
    while lines:
        line = lines.pop(0)
        shown.append(_code_block(line, lines) if _FENCE.match(line) else _line(line, shown[-1] if shown else ""))
    return "\n".join(shown)


def _code_block(opening: str, rest: list[str]) -> str:
    """Up to the closing fence, or to the end; inside, everything is text already."""
    fence = _FENCE.match(opening)
    assert fence is not None
    content: list[str] = []
    while rest:
        line = rest.pop(0)
        if line.strip() == fence[1]:
            break
        content.append("".join(char for char in line if char.isprintable() or char == "\t"))
    longest = max((len(run) for run in re.findall(r"`+", "\n".join(content))), default=0)
    marks = "`" * max(3, longest + 1)
    return "\n".join(["", marks, *content, marks, ""])


def _line(line: str, before: str) -> str:
    if not line.strip():
        return ""
    if _RULE.match(line):
        return "\n---\n"
    if found := _HEADING.match(line):
        return f"\n{'#' * min(6, _TOP_HEADING - 1 + len(found[1]))} {_words(found[2].rstrip(' #'))}\n"
    if found := _QUOTE.match(line):
        return f"> {_words(found[1])}  "
    if found := _ITEM.match(line):
        return _item(*found.groups(), after_item=_ITEM.match(before.lstrip("\n")) is not None)
    leave_quote = "\n" if before.startswith(">") else ""
    return f"{leave_quote}{_words(line.strip())}  "  # two spaces: a line stays a line


def _item(indent: str, mark: str, words: str, *, after_item: bool) -> str:
    """An item; deeper ones only below another, else they would be code."""
    depth = min(len(indent.expandtabs(4)), 12) if after_item else 0
    new_list = "" if after_item else "\n"
    return f"{new_list}{' ' * depth}{mark} {_words(words)}"


def _words(text: str) -> str:
    """One line: code, links and emphasis written anew, all else escaped."""
    shown, end = [], 0
    for found in _INLINE.finditer(text):
        shown += [_escaped(text[end : found.start()]), _WRITTEN[found.lastgroup or ""](found)]
        end = found.end()
    return "".join([*shown, _escaped(text[end:])])


def _escaped(text: str) -> str:
    """``plain`` with the spaces at both ends, which stand between words here."""
    if not text.strip():
        return " " if text else ""
    return f"{' ' * text[0].isspace()}{plain(text)}{' ' * text[-1].isspace()}"


_INLINE = re.compile(
    r"(?P<code>(?P<ticks>`{1,3})(?P<inside>[^`]+)(?P=ticks)(?!`))"
    rf"|(?P<link>!?\[(?P<label>[^\[\]]*)\]\(\s*<?(?P<target>{_URL}(?:\([^\s()]*\)[^\s<>()\"'`]*)*)>?(?:\s+\"[^\"]*\")?\s*\))"
    rf"|(?P<bare>{_URL})"
    r"|(?P<bold>\*\*(?P<strong>[^\s*](?:[^*]*[^\s*])?)\*\*)"
    r"|(?P<italic>(?<![\w*])\*(?P<weak>[^\s*](?:[^*]*[^\s*])?)\*(?![\w*]))"
    r"|(?P<under>(?<!\w)_(?P<slanted>[^\s_](?:[^_]*[^\s_])?)_(?!\w))"
    r"|(?P<struck>~~(?P<gone>[^\s~](?:[^~]*[^\s~])?)~~)"
)


def _code(found: re.Match) -> str:
    inside = "".join(char for char in found["inside"] if char.isprintable())
    return f"`{inside.strip() or ' '}`"


def _link(found: re.Match) -> str:
    return _to(found["target"], found["label"] or "picture")


def _bare(found: re.Match) -> str:
    url = found["bare"].rstrip(".,;:!?*_~")
    return _to(url, url) + _escaped(found["bare"][len(url) :])


def _to(url: str, label: str) -> str:
    """A link to a page of the web; anything else is text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return _escaped(f"{label} ({url})")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return _escaped(f"{label} ({url})")
    return f"[{plain(label)}]({quote(url, safe='/:?#@&=+,;%-._')})"


_WRITTEN: dict[str, Callable[[re.Match], str]] = {
    "code": _code,
    "link": _link,
    "bare": _bare,
    "bold": lambda found: f"**{_words(found['strong'])}**",
    "italic": lambda found: f"*{_words(found['weak'])}*",
    "under": lambda found: f"*{_words(found['slanted'])}*",
    "struck": lambda found: f"~~{_words(found['gone'])}~~",
}
