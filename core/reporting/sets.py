"""Prediction sets on the test photos: how often they hold the true class, and how many classes they name."""

from core.charts.prediction_sets import set_size_chart
from core.comparison.prediction_sets import SHOWN, SetMeasure
from core.reporting.material import Material
from core.reporting.parts import RUN, UNKNOWN, Column, Section, Table, report_chart, run_label
from core.reporting.rendering import render
from core.text.units import percent

_EACH = 0.95
_MOST = 12
"""Runs drawn: more could not be distinguished."""

_HOLDS = "Percent of the test photos whose set holds the true class, with its 95 % interval."
_SIZE = "Mean number of classes in a set."
_COLUMNS = (
    RUN,
    Column("validation photos", "The sets were fitted on them."),
    *(column for at in SHOWN for column in (Column(f"coverage at {100 * at:g} %", _HOLDS), Column("classes", _SIZE))),
    Column(f"coverage at {100 * _EACH:g} %, each class", f"{_HOLDS} One threshold for each class."),
    Column("classes", _SIZE),
)


def sets_section(material: Material) -> Section | None:
    """Of the runs with enough validation photos, best first."""
    found = [material.sets[row.run.id] for row in material.rows if row.run.id in material.sets]
    found = [one for one in found if any(one.at(at) for at in SHOWN)]
    if not found:
        return None
    rows = [
        [
            run_label(material, one.run_id),
            one.validation,
            *(cell for at in SHOWN for cell in _cells(one.at(at))),
            *_cells(one.at(_EACH, by_class=True)),
        ]
        for one in found
    ]
    sizes = {one.run_id: one.overall for one in found[:_MOST]}
    body = render(
        "sets",
        sets=Table(columns=_COLUMNS, rows=rows, caption="Prediction sets on the test photos"),
        sizes=report_chart("set-sizes", set_size_chart(sizes, material.names, styles=material.styles), before=_MEAN),
    )
    return Section(key="sets", label="Prediction sets", title="How many classes cannot be excluded?", body=body)


_MEAN = "More confidence needs larger sets; the lower a curve, the more the model excludes."


def _cells(one: SetMeasure | None) -> tuple[str, str]:
    return (UNKNOWN, UNKNOWN) if one is None else (percent(one.coverage, one.ci95), f"{one.classes:.2f}")
