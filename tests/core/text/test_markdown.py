"""Notes: markdown for people; nothing in a note runs, and nothing in it makes the browser call out."""

import re

import pytest

from core.text.markdown import safe_markdown

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<iframe src='http://evil.example'></iframe>",
    "![tracker](http://evil.example/pixel.png)",
    '![t]( <http://evil.example/pixel.png> "x")',
    "![t][1]\n\n[1]: http://evil.example/pixel.png",
    "[![t](http://evil.example/a.png)](http://evil.example)",
    "!\\[t](http://evil.example/a.png)",
    "\\![t](http://evil.example/a.png)",
    "a `b` ![t](http://evil.example/a.png)`",
    "``![t](http://evil.example/a.png)`",
    "**![t](http://evil.example/a.png)**",
    "> - # ![t](http://evil.example/a.png)",
    "```\nopen\n``` \n![t](http://evil.example/a.png)\n````\n![t](http://evil.example/a.png)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x) [y](file:///etc/passwd) [z](//evil.example)",
    "<javascript:alert(1)> <http://evil.example>",
    "[x]: javascript:alert(1)\n[x]",
    ":red[x] :material/home: :smile: :rocket-badge[x] $\\href{javascript:alert(1)}{x}$ $$x$$",
    "&lt;script&gt; &#60;script&#62;",
    "a\u202egnp.exe",
    "[a](http://x`![t](http://evil.example/a.png)`)",
    "[a](https://e.example/%22onmouseover=alert(1))",
]


def unescaped(markdown: str) -> str:
    """What is left to mean something, once code and escaped characters are taken out."""
    without_blocks = re.sub(r"^(`{3,})$.*?^\1$", "", markdown, flags=re.DOTALL | re.MULTILINE)
    without_code = re.sub(r"(`+)[^`]+\1(?!`)", "", without_blocks)
    return re.sub(r"\\.", "", without_code)


@pytest.mark.parametrize("note", HOSTILE)
def test_a_hostile_note_leaves_neither_pictures_nor_html_nor_other_links(note):
    left = unescaped(safe_markdown(note))
    assert "![" not in left and "<" not in left and "$" not in left and "&" not in left
    for target in re.findall(r"\]\(([^)]*)\)", left):
        assert re.match(r"https?://[^\s\"'<>]+$", target)
    assert "\u202e" not in left and not re.search(r":\w+[:\[]", left)
    assert not re.search(r"^\[[^\]]*\]:", left, re.MULTILINE)


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("**bold** and *italic* and _italic_", "**bold** and *italic* and *italic*  "),
        ("~~gone~~ `a < b`", "~~gone~~ `a < b`  "),
        ("[docs](https://keras.io/api)", "[docs](https://keras.io/api)  "),
        ("- one\n  - two", "\n- one\n  - two"),
        ("1. one\n2. two", "\n1. one\n2. two"),
        ("> said", "> said  "),
        ("# Big", "\n#### Big\n"),
        ("one\ntwo", "one  \ntwo  "),
        ("---", "\n---\n"),
    ],
)
def test_what_people_write_is_kept(note, shown):
    assert safe_markdown(note) == shown


def test_a_picture_becomes_a_link_that_somebody_may_follow():
    assert safe_markdown("![a chart](https://x.example/a.png)") == "[a chart](https://x.example/a.png)  "


def test_code_stays_letter_by_letter_and_ends_where_it_ends():
    shown = safe_markdown("```python\nx = '<b>' # ``` inside\n```\nafter")
    assert "x = '<b>' # ``` inside" in shown and shown.rstrip().endswith("after")
    opening = re.search(r"^(`{4,})$", shown, re.MULTILINE)
    assert opening and shown.count(opening[1]) == 2


def test_an_odd_name_is_no_formula():
    assert safe_markdown("costs $5 and $6") == r"costs \$5 and \$6  "


@pytest.mark.parametrize("note", ["`" * 20_000, "# " + " " * 19_000 + "x", "[a](" * 5_000, "**a" * 6_000, "- " * 9_000])
def test_no_note_keeps_the_page_waiting(note):
    assert safe_markdown(note)  # a pattern that tries everything would never come back
