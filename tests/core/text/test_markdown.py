"""Notes: Markdown as HTML; nothing in a note runs, and nothing in it makes the browser request anything."""

import re
from html.parser import HTMLParser

import pytest

from core.text.markdown import note_html

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
    "```\" onclick=alert(1) x='\ncode\n```",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#10;script:alert(1)) [y](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x) [y](file:///etc/passwd) [z](//evil.example) [w](/models)",
    "<javascript:alert(1)> <http://evil.example>",
    "[x]: javascript:alert(1)\n[x]",
    ":red[x] :material/home: :smile: :rocket-badge[x] $\\href{javascript:alert(1)}{x}$ $$x$$",
    "&lt;script&gt; &#60;script&#62;",
    "a\u202egnp.exe",
    "[a](http://x`![t](http://evil.example/a.png)`)",
    "[a](https://e.example/%22onmouseover=alert(1))",
    "[a](https://e.example '\" onmouseover=alert(1)')",
    "https://e.example/\"onmouseover='alert(1)",
]
ALLOWED = {
    "p": set(), "br": set(), "hr": set(), "a": {"href", "target", "rel", "title"}, "strong": set(), "em": set(),
    "s": set(), "code": {"class"}, "pre": set(), "blockquote": set(), "ul": set(), "ol": {"start"}, "li": set(),
    "h4": set(), "h5": set(), "h6": set(),
}  # fmt: skip
"""Attributes of every element a note can become."""


class Elements(HTMLParser):
    """The elements of an HTML text with their attributes, and its text."""

    def __init__(self, html: str):
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("note", HOSTILE)
def test_a_hostile_note_leaves_neither_images_nor_scripts_nor_other_links(note):
    html = note_html(note)
    for tag, attributes in Elements(html).found:
        assert attributes.keys() <= ALLOWED[tag]
        assert tag != "a" or re.match(r"(https?://[^/\s\"'<>]|mailto:)[^\s\"'<>]*$", attributes["href"])
    assert "\u202e" not in html


def test_what_a_hostile_note_says_is_shown_letter_by_letter():
    for note in ("<script>alert(1)</script>", "costs $5 and $6 :smile: :red[x]", "[x](javascript:alert(1))"):
        assert Elements(note_html(note)).text.strip() == note


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("**bold** and *italic* and _italic_", "<p><strong>bold</strong> and <em>italic</em> and <em>italic</em></p>"),
        ("~~gone~~ `a < b`", "<p><s>gone</s> <code>a &lt; b</code></p>"),
        ("- one\n  - two", "<ul><li>one<ul><li>two</li></ul></li></ul>"),
        ("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>"),
        ("> said", "<blockquote><p>said</p></blockquote>"),
        ("# Big", "<h4>Big</h4>"),
        ("one\ntwo", "<p>one<br />two</p>"),
        ("---", "<hr />"),
    ],
)
def test_markdown_is_formatted(note, shown):
    assert note_html(note).replace("\n", "") == shown


@pytest.mark.parametrize(
    ("note", "target", "text"),
    [
        ("[docs](https://keras.io/api)", "https://keras.io/api", "docs"),
        ("see https://keras.io/a_b, then", "https://keras.io/a_b", "see https://keras.io/a_b, then"),
        ("<me@keras.io>", "mailto:me@keras.io", "me@keras.io"),
        ("![a chart](https://x.example/a.png)", "https://x.example/a.png", "!a chart"),
    ],
)
def test_links_open_in_a_new_tab_and_an_image_becomes_one(note, target, text):
    elements = Elements(note_html(note))
    (link,) = (attributes for tag, attributes in elements.found if tag == "a")
    assert link == {"href": target, "target": "_blank", "rel": "noopener noreferrer nofollow"}
    assert elements.text.strip() == text


def test_code_stays_letter_by_letter_and_ends_where_it_ends():
    html = note_html("```python\nx = '<b>' # ``` inside https://keras.io\n```\nafter")
    assert "x = '&lt;b&gt;' # ``` inside https://keras.io\n</code></pre>\n<p>after</p>" in html


@pytest.mark.parametrize(
    "note", ["`" * 20_000, "# " + " " * 19_000 + "x", "[a](" * 5_000, "**a" * 6_000, "- " * 9_000, "![[" * 6_000]
)
@pytest.mark.timeout(20)
def test_a_note_of_the_longest_length_takes_no_more_than_seconds(note):
    assert note_html(note)
