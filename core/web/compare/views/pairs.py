"""Head to head: two runs on the same test photos, and whether their difference is statistically significant."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.comparison.classes import ClassDifference, class_differences
from core.comparison.paired import Paired
from core.comparison.photos import compared_photos
from core.comparison.resampling import TEST_METRICS, MetricDifference
from core.comparison.summary import family_sentence, pair_sentence
from core.comparison.verdict import Standing
from core.text.units import count, p_value, percent, plain, points
from core.web.compare import address
from core.web.compare.columns import bare_p
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.charts import finding
from core.web.parts.device import is_narrow
from core.web.parts.tables import ColumnConfig, name_column, number, table

_AGAINST_BEST = "compare.against_best"
_MOST_LISTED = 50
"""Pairs with the best run in the table."""


def show(selected: Selected) -> None:
    ids = parts.require_predictions(selected)
    if len(ids) == 1:
        parts.nothing("Select a second run with predictions for the test photos.")
    if len(ids) < 2:
        return
    a, b = parts.choose_two(selected, ids)
    assert b is not None
    pair = selected.comparison.pair(a, b)
    finding(pair_sentence(pair, selected.names))
    parts.letters(selected, a, b)
    st.caption(family_sentence(pair.family, pair.comparisons))
    fourfold, metrics = st.columns([2, 3], gap="medium")
    with fourfold:
        _fourfold(selected, pair)
    with metrics:
        _metrics(selected, pair)
    _classes(selected, pair)
    _photos(selected, pair)
    _against_best(selected)


def _fourfold(selected: Selected, pair: Paired) -> None:
    """The two photo counts of the diagonal, and the two that decide."""
    st.markdown("**Correct predictions**")
    rows = [
        {"Photos": "A correct", "B correct": pair.both_right, "B wrong": pair.only_a},
        {"Photos": "A wrong", "B correct": pair.only_b, "B wrong": pair.both_wrong},
    ]
    table(rows, key="compare.fourfold")
    corrected = pair.comparisons > 1
    st.caption(
        f"{count(pair.n, 'test photo')}. McNemar's exact test on the {count(pair.only_a + pair.only_b, 'photo')} that "
        f"only one of them predicts correctly: {p_value(pair.p_value)}{' (not corrected)' if corrected else ''}. "
        f"A minus B: {_signed(pair.difference)} points, {'corrected ' if corrected else ''}interval "
        f"{_interval(pair.low, pair.high)}."
    )
    parts.data(selected, lambda: [pair_row(selected, pair)], "compare.head_to_head")


def _metrics(selected: Selected, pair: Paired) -> None:
    """Every metric on the same photos."""
    found = selected.comparison.metrics(pair.a, pair.b)
    st.markdown("**All metrics**")
    columns = {
        "A": st.column_config.TextColumn("A", alignment="right"),
        "B": st.column_config.TextColumn("B", alignment="right"),
        "Difference": st.column_config.TextColumn("A minus B", alignment="right"),
        "Interval": _interval_column(
            "Of the accuracy: corrected as p is. Of the others: 95 %, a paired bootstrap of the test photos; not known "
            "where no photo differs, since resampling shows no spread then."
        ),
    }
    table([_metric_row(one) for one in found], key="compare.metrics", columns=columns)
    parts.data(selected, lambda: [vars(one) for one in found], "compare.metrics_of_two")


def _metric_row(one: MetricDifference) -> dict:
    kind = TEST_METRICS[one.metric]
    label, signed = (percent, _signed) if kind.percent else ("{:.3f}".format, _signed_number)
    return {
        "Metric": f"{kind.title[0].upper()}{kind.title[1:]}",
        "A": label(one.a),
        "B": label(one.b),
        "Difference": signed(one.difference),
        "Interval": "not known" if one.low == one.high else f"{signed(one.low)} to {signed(one.high)}",
    }


def pair_row(selected: Selected, pair: Paired) -> dict:
    """One pair as a row of a file."""
    names = selected.names
    kept = ("n", "both_right", "only_a", "only_b", "both_wrong", "difference", "low", "high", "p_value", "adjusted_p")
    runs = {"a": pair.a, "b": pair.b, "name_a": names[pair.a], "name_b": names[pair.b]}
    return runs | {name: getattr(pair, name) for name in kept}


def _classes(selected: Selected, pair: Paired) -> None:
    """Class by class, the largest difference first; classes without test photos last."""
    predictions, names = selected.comparison.predictions, selected.comparison.class_names
    found = class_differences(predictions[pair.a], predictions[pair.b], names)
    ordered = sorted(found, key=lambda one: -1.0 if one.difference is None else abs(one.difference), reverse=True)
    st.markdown("**Recall per class**")
    columns = {
        "Class": name_column("Class", names),
        "Photos": number("Photos", "Test photos of the class."),
        "A": number("A", "Fraction of the photos of the class that A predicts correctly (recall)."),
        "B": number("B", "Fraction of the photos of the class that B predicts correctly (recall)."),
        "Difference": number("A minus B", "In percentage points."),
        "Interval": _interval_column("In percentage points, corrected as p is: it excludes 0 where p is below 0.05."),
        "p": number("p", "McNemar's exact test on the photos of the class, corrected for all classes (Holm)."),
        "Significant": _significant_column(),
    }
    formats: dict[str, Callable[[Any], str]] = {"A": percent, "B": percent, "Difference": _signed, "p": bare_p}
    order = ("Class", "A", "B", "Difference", "Photos", "Interval", "p", "Significant") if is_narrow() else None
    table(
        [_class_row(one) for one in ordered], key="compare.class_differences", formats=formats, columns=columns,
        column_order=order,
    )  # fmt: skip
    parts.data(selected, lambda: [vars(one) for one in found], "compare.classes_of_two")


def _class_row(one: ClassDifference) -> dict:
    return {
        "Class": one.class_name,
        "Photos": one.photos,
        "A": one.recall_a,
        "B": one.recall_b,
        "Difference": one.difference,
        "Interval": "no test photo" if one.low is None or one.high is None else _interval(one.low, one.high),
        "p": one.adjusted_p,
        "Significant": "" if one.tie is None else _significant(one.tie),
    }


def _photos(selected: Selected, pair: Paired) -> None:
    """The photos that only one of them predicts correctly, with both predictions."""
    predictions, names = selected.comparison.predictions, selected.comparison.class_names
    both = [predictions[pair.a], predictions[pair.b]]
    for letter, digests in (("A", pair.only_a_digests), ("B", pair.only_b_digests)):
        with st.expander(f"Only {letter} is correct: {count(len(digests), 'photo')}", expanded=bool(digests)):
            parts.photos(selected, compared_photos(both, names, digests))


def _against_best(selected: Selected) -> None:
    """The best against the most accurate others; a row opens that pair above."""
    compared, found = selected.comparison, selected.comparison.verdict
    if found is None or found.best.run_id not in compared.predictions or len(compared.predictions) < 3:
        return
    best = found.best.run_id
    others = [run_id for run_id in compared.predictions if run_id != best]
    ties = sum(found.standing(run_id) is Standing.TIE for run_id in others)
    st.markdown(f"**Is {plain(selected.names[best])} significantly better than the others?**")
    result = f"{ties} of {len(others)} other runs are not distinguishable from it." if ties else (
        f"All {len(others)} others are significantly less accurate."
    )  # fmt: skip
    pairs = [compared.pair(best, run_id) for run_id in others[:_MOST_LISTED]]
    listed = f" The {len(pairs)} most accurate are listed; the files have all." if len(pairs) < len(others) else ""
    st.caption(
        f"{result}{listed} {family_sentence(pairs[0].family, pairs[0].comparisons)} Select a row to see the two head "
        "to head."
    )
    short = parts.fitting_names(selected)
    columns = {
        "Run": parts.narrow_names(),
        "Difference": number("Behind by", "Accuracy of the best minus that of this run, in percentage points."),
        "Interval": _interval_column("In percentage points, corrected as p is: it excludes 0 where p is below 0.05."),
        "Best": number("Only the best", "Photos that only the best predicts correctly."),
        "It": number("Only this run", "Photos that only this run predicts correctly."),
        "p": number("p", "McNemar's exact test, corrected for all comparisons (Holm)."),
        "Significant": _significant_column(),
    }
    table(
        [_pair_line(pair, short[pair.b]) for pair in pairs], key=_AGAINST_BEST, columns=columns,
        formats={"Difference": points, "p": bare_p}, selection_mode="single-row", on_select=lambda: _open(pairs),
        row_height=parts.row_of_names(selected),
    )  # fmt: skip
    parts.data(
        selected, lambda: [pair_row(selected, pair) for pair in compared.against_best], "compare.best_against_others"
    )


def _pair_line(pair: Paired, name: str) -> dict:
    return {
        "Run": name,
        "Difference": pair.difference,
        "Interval": _interval(pair.low, pair.high),
        "Best": pair.only_a,
        "It": pair.only_b,
        "p": pair.adjusted_p,
        "Significant": _significant(pair.tie),
    }


def _open(pairs: Sequence[Paired]) -> None:
    rows = st.session_state[_AGAINST_BEST]["selection"]["rows"]
    if rows:
        address.change(a=pairs[rows[0]].a, b=pairs[rows[0]].b)


def _interval_column(help: str) -> ColumnConfig:
    return st.column_config.TextColumn("Interval", alignment="right", width=120, help=help)


def _significant_column() -> ColumnConfig:
    help = "Whether the difference is statistically significant: corrected p below 0.05."
    return st.column_config.TextColumn("Significant", width=90, help=help)


def _significant(tie: bool) -> str:
    return "no" if tie else "yes"


def _signed(difference: float) -> str:
    label = f"{100 * difference:+.1f}".replace("-", "−")
    return "0.0" if label[1:] == "0.0" else label


def _signed_number(difference: float) -> str:
    return f"{difference:+.3f}".replace("-", "−")


def _interval(low: float, high: float) -> str:
    return f"{_signed(low)} to {_signed(high)}"
