"""The whole report as one HTML file. It asks for nothing from outside, and its policy forbids the browser to."""

import base64
from functools import cache
from hashlib import sha256
from pathlib import Path

from plotly.offline import get_plotlyjs

from core.reporting import leaderboard, learning, method, photos, predictions, summary
from core.reporting.markup import Html, Section, joined, tag, void
from core.reporting.material import Material
from core.text.units import moment

_HERE = Path(__file__).parent
_FONT = _HERE.parent / "web" / "static" / "fonts" / "inter-latin.woff2"

_PARTS = (
    summary.photos_section,
    leaderboard.board_section,
    leaderboard.differing_section,
    leaderboard.cost_section,
    predictions.pairs_section,
    learning.curves_section,
    learning.depths_section,
    predictions.classes_section,
    predictions.confusion_section,
    predictions.sureness_section,
    predictions.thresholds_section,
    predictions.map_section,
    photos.photos_section,
    summary.notes_section,
    method.method_section,
)
"""Every part, in order; one returns None where it has nothing to say."""


def report_html(material: Material) -> str:
    """The report; 5.5 MB with twelve runs, of which Plotly is 4.8."""
    sections = [section for part in _PARTS if (section := part(material)) is not None]
    title = f"{material.dataset.name}: {len(material.rows)} runs compared"
    body = tag(
        "body",
        tag("header", *summary.heading(material), _contents(sections)),
        tag("main", *(section.html() for section in sections)),
        tag("footer", f"Made by Graft {material.version} on {moment(material.made_at)} UTC."),
        *(tag("script", Html(script)) for script in scripts()),
    )
    head = tag(
        "head",
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=policy()),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        void("link", rel="icon", href="data:,"),
        tag("style", Html(_style())),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _contents(sections: list[Section]) -> Html:
    links = (tag("li", tag("a", section.word, href=f"#{section.key}")) for section in sections)
    return tag("nav", tag("ul", joined(links)), aria_label="Contents")


@cache
def scripts() -> tuple[str, str]:
    """Plotly, and what draws the charts with it."""
    return get_plotlyjs().replace("</script", "<\\/script"), (_HERE / "report.js").read_text()


@cache
def policy() -> str:
    """What a browser may load for the report: our two scripts by their digests, and what is in the file itself."""
    hashes = " ".join(f"'sha256-{base64.b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts())
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _style() -> str:
    font = base64.b64encode(_FONT.read_bytes()).decode()
    face = (
        "@font-face{font-family:Inter;font-weight:100 900;font-display:swap;"
        f"src:url(data:font/woff2;base64,{font}) format('woff2')}}"
    )
    return f"{face}\n{(_HERE / 'report.css').read_text()}"
