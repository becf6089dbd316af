"""Jinja2 templates that escape every value; the only place where HTML is made."""

from functools import cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core.reporting.parts import Badge, RunLabel
from core.text.units import visible


def render(template: str, **values: Any) -> Markup:
    """``templates/<template>.html.j2`` filled with ``values``; text is escaped, a missing value is an error."""
    return Markup(_environment().get_template(f"{template}.html.j2").render(values))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure_json"] = _figure_json
    environment.tests["run_label"] = lambda value: isinstance(value, RunLabel)
    environment.tests["badge"] = lambda value: isinstance(value, Badge)
    return environment


def _printable(value: object) -> object:
    """Without control characters and characters that change the writing direction; escaped by Jinja2 afterwards."""
    return value if isinstance(value, Markup) else visible(str(value))


def _figure_json(figure: go.Figure) -> Markup:
    """For a script element of type application/json; in JSON ``<`` occurs in strings only."""
    return Markup(figure.to_json().replace("<", "\\u003c"))
