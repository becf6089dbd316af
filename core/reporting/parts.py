"""Small pieces of several sections: how a run, a class and a figure are written."""

from core.comparison.table import Row
from core.reporting.markup import Column, Html, tag
from core.reporting.material import Material

RUN = Column("run", number=False)
UNKNOWN = "–"


def run_name(material: Material, run_id: str) -> Html:
    """A dot in the run's colour and its name."""
    return tag("span", dot(material, run_id), material.names.get(run_id, run_id), class_="run")


def dot(material: Material, run_id: str) -> Html:
    colour = material.styles[run_id].colour
    return tag("span", class_="dot", style=f"background:{colour}")


def figure(value: float | None, digits: int = 3) -> str:
    return UNKNOWN if value is None else f"{value:.{digits}f}"


def signed_points(value: float) -> str:
    """A difference of shares in points, with its sign: "+4.2"."""
    return f"{100 * value:+.1f}".replace("-", "−")


def is_best(material: Material, row: Row) -> bool:
    return bool(material.rows) and row.run_id == material.rows[0].run_id and row.accuracy is not None
