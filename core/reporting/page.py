"""The whole report as one HTML file. It loads nothing from outside, and its policy forbids the browser to."""

import base64
from functools import cache
from hashlib import sha256
from pathlib import Path

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from core.reporting import leaderboard, learning, left_out, method, photos, predictions, sets, summary
from core.reporting.material import Material
from core.reporting.rendering import render
from core.text.units import count, moment

_HERE = Path(__file__).parent
_FONT = _HERE.parent / "web" / "static" / "fonts" / "inter-latin.woff2"

_SECTIONS = (
    summary.dataset_section,
    leaderboard.board_section,
    left_out.left_out_section,
    leaderboard.differing_section,
    leaderboard.cost_section,
    predictions.pairs_section,
    learning.curves_section,
    learning.depths_section,
    learning.growth_section,
    predictions.classes_section,
    predictions.confusion_section,
    predictions.calibration_section,
    sets.sets_section,
    predictions.thresholds_section,
    predictions.map_section,
    photos.photos_section,
    summary.notes_section,
    method.method_section,
)
"""In order; a section returns None where it has nothing to show."""


def report_html(material: Material) -> str:
    """The report; 5.5 MB with twelve runs, of which Plotly is 4.8."""
    runs = count(len(material.rows), "run")
    page = render(
        "report",
        title=f"{material.dataset.name}: {runs} compared",
        dataset=material.dataset,
        answer=" ".join(filter(None, [summary.answer(material), material.about])),
        runs=runs,
        sections=[section for make in _SECTIONS if (section := make(material)) is not None],
        version=material.version,
        made=moment(material.made_at),
        policy=policy(),
        style=_style(),
        scripts=[Markup(script) for script in scripts()],
    )
    return str(page)


@cache
def scripts() -> tuple[str, str]:
    """Plotly, and the script that draws the charts with it."""
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
def _style() -> Markup:
    font = base64.b64encode(_FONT.read_bytes()).decode()
    face = (
        "@font-face{font-family:Inter;font-weight:100 900;font-display:swap;"
        f"src:url(data:font/woff2;base64,{font}) format('woff2')}}"
    )
    return Markup(f"{face}\n{(_HERE / 'report.css').read_text()}")
