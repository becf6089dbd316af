"""Prediction sets of the runs on the test photos, below accuracy vs. coverage."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.charts.prediction_sets import set_rows, set_size_chart
from core.comparison.prediction_sets import SHOWN, SetMeasure, SetMeasures
from core.text.units import count, percent
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.charts import finding
from core.web.parts.tables import table

_IN_SENTENCE = 0.95
_EACH = "95 %, each class"


def show(selected: Selected, ids: Sequence[str]) -> None:
    """Of the runs ``ids``, best first."""
    st.markdown("**Prediction sets**")
    found = selected.bench.set_measures(ids, selected.comparison.subset)
    if not any(one.overall for one in found.values()):
        parts.nothing(
            "None of these runs has enough validation photos for prediction sets: 19 are needed for 95 % confidence, "
            "9 for 90 %, and their predictions must be stored."
        )
        return
    best = next(one for one in found.values() if one.overall)
    finding(f"{selected.names[best.run_id]}: {_finding(best)}")
    st.caption(_how(best))
    short = parts.fitting_names(selected)
    columns = [_title(at) for at in SHOWN] + [_EACH]
    rows = [{"Run": short[run_id]} | _cells(found[run_id]) for run_id in ids if run_id in found]
    right = {one: st.column_config.TextColumn(one, alignment="right") for one in columns}
    table(
        rows, key="compare.sets", columns=right | {"Run": parts.narrow_names()}, row_height=parts.row_of_names(selected)
    )
    _download(selected, found)
    measures = {run_id: one.overall for run_id, one in found.items()}
    parts.titled_chart(
        selected,
        set_size_chart(measures, selected.names, styles=selected.styles),
        key="compare.set_sizes",
        alt=f"Mean number of classes in a prediction set by confidence, of {count(len(found), 'run')}",
    )


def _finding(found: SetMeasures) -> str:
    one = found.at(_IN_SENTENCE) or found.overall[-1]
    return (
        f"at {_share(one.confidence)} confidence the prediction sets hold the true class for "
        f"{percent(one.coverage, one.ci95)} of the test photos, with {one.classes:.2f} classes on average."
    )


def _how(found: SetMeasures) -> str:
    """How to read the table, with the fractions that are to be expected of sets that keep their promise."""
    one = found.at(_IN_SENTENCE) or found.overall[-1]
    low, high = one.expected or (one.confidence, 1.0)
    return (
        "How often the true class is in the set (95 % interval), and the mean number of classes in it. Fitted on "
        f"{count(found.validation, 'validation photo')}, measured on {count(one.photos, 'test photo')}: with so few, "
        f"sets that keep a promise of {_share(one.confidence)} show {100 * low:.1f} to {100 * high:.1f} %. Each class: "
        "with a promise for every class by itself; classes with too few validation photos are then in every set."
    )


def _cells(found: SetMeasures) -> dict[str, str]:
    cells = {_title(at): _cell(found.at(at)) for at in SHOWN}
    return cells | {_EACH: _cell(found.at(_IN_SENTENCE, by_class=True))}


def _cell(one: SetMeasure | None) -> str:
    return "too few photos" if one is None else f"{percent(one.coverage, one.ci95)} · {one.classes:.2f} classes"


def _title(at: float) -> str:
    return f"At {_share(at)}"


def _share(confidence: float) -> str:
    return f"{100 * confidence:.0f} %"


def _download(selected: Selected, found: Mapping[str, SetMeasures]) -> None:
    measures = {run_id: [*one.overall, *one.by_class] for run_id, one in found.items()}
    parts.data(selected, lambda: set_rows(measures, selected.names), "compare.sets_table")
