"""What sections of the report are made of: plain values that the templates draw."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from core.charts import Chart
from core.comparison.table import Row
from core.reporting.material import Material

UNKNOWN = "–"


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report; ``label`` names it in the contents, ``key`` is its anchor."""

    key: str
    label: str
    title: str
    body: Markup


@dataclass(frozen=True)
class Column:
    """A column of a table: its title, what it means, and whether it holds numbers (right-aligned)."""

    title: str
    help: str = ""
    number: bool = True


RUN = Column("run", number=False)


@dataclass(frozen=True, kw_only=True)
class Table:
    """The first cell of a row is its heading; ``caption`` is for screen readers."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[object]]
    caption: str

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.columns) for row in self.rows), self.caption


@dataclass(frozen=True, kw_only=True)
class ReportChart:
    """A chart in the report; ``caption`` replaces that of the chart, ``key`` is unique in the report."""

    key: str
    chart: Chart
    caption: str


@dataclass(frozen=True, kw_only=True)
class RunLabel:
    """A dot in the run's colour and its name."""

    name: str
    colour: str
    starred: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Badge:
    """Text in a cell that is set off, by a class of ``report.css``."""

    text: str
    css_class: str = "badge"


def report_chart(key: str, chart: Chart, *, before: str = "") -> ReportChart:
    """``before``: what the report says in front of the chart's own caption."""
    return ReportChart(key=key, chart=chart, caption=f"{before} {chart.caption}".strip())


def run_label(material: Material, run_id: str) -> RunLabel:
    return RunLabel(name=material.names.get(run_id, run_id), colour=material.styles[run_id].colour)


def figure(value: float | None, digits: int = 3) -> str:
    return UNKNOWN if value is None else f"{value:.{digits}f}"


def signed_points(value: float) -> str:
    """A difference of fractions in percentage points, with its sign: "+4.2"."""
    return f"{100 * value:+.1f}".replace("-", "−")


def is_best(material: Material, row: Row) -> bool:
    found = material.comparison.verdict
    return found is not None and row.run.id == found.best.run_id
