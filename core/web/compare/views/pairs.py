"""Head to head: two runs on the same photos, and whether their difference is real."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.comparison.classes import ClassDifference, class_differences
from core.comparison.paired import Paired
from core.comparison.photos import compared_photos
from core.comparison.resampling import TEST_METRICS, MetricDifference
from core.comparison.summary import verdict
from core.text.units import count, p_value, percent, plain, points
from core.web.compare import address
from core.web.compare.columns import bare_p
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.charts import finding
from core.web.parts.tables import ColumnConfig, name_column, number, table

_TIE, _REAL = "tie", "real"


def show(selected: Selected) -> None:
    parts.question(
        "Is the difference between two runs real?",
        "Both answered the same test photos, so only photos that one of them alone gets right can tell them apart.",
    )
    ids = parts.require_answers(selected)
    if len(ids) == 1:
        parts.nothing("A second run with answers for the test photos is needed: choose one more.")
    if len(ids) < 2:
        return
    a, b = parts.choose_two(selected, ids)
    assert b is not None
    pair = selected.comparison.pair(a, b)
    finding(verdict(pair, selected.brief_names))
    parts.letters(selected, a, b)
    _corrected(selected, pair)
    fourfold, figures = st.columns([2, 3], gap="medium")
    with fourfold:
        _fourfold(selected, pair)
    with figures:
        _figures(selected, pair)
    _classes(selected, pair)
    _photos(selected, pair)
    _against_best(selected)


def _corrected(selected: Selected, pair: Paired) -> None:
    """Why the first line of the page may say otherwise: there the pair is one of several comparisons."""
    tests = selected.comparison.against_best
    if turned := only_alone(pair, tests):
        st.info(turned, icon=":material/info:")
    elif len(tests) > 1:
        st.caption(
            "These two are tested alone, without correction for the other runs you could have picked. The table at "
            f"the end of this view corrects for {len(tests)} comparisons with the best."
        )


def only_alone(pair: Paired, tests: Sequence[Paired]) -> str:
    """What to make of a difference that is real in a test of the two alone, but not among ``tests``; else ""."""
    same = next((one for one in tests if {one.a, one.b} == {pair.a, pair.b}), pair)
    if pair.tie or not same.tie:
        return ""
    return (
        f"Tested alone, as here, this difference is real. As one of {len(tests)} comparisons with the best run it "
        f"could be chance ({p_value(same.adjusted_p)} after Holm's correction), for among so many some differ by "
        "luck. Go by the test alone only if you meant to compare these two before you saw any result."
    )


def _fourfold(selected: Selected, pair: Paired) -> None:
    """Four numbers, of which two decide."""
    st.markdown("**How many photos does each get right?**")
    rows = [
        {"": "A right", "B right": pair.both_right, "B wrong": pair.only_a},
        {"": "A wrong", "B right": pair.only_b, "B wrong": pair.both_wrong},
    ]
    table(rows, key="compare.fourfold")
    st.caption(
        f"{count(pair.n, 'test photo')}. McNemar's exact test on the {count(pair.only_a + pair.only_b, 'photo')} that "
        f"only one got right: {p_value(pair.p_value)}. A minus B: {_signed(pair.difference)} points, 95 % interval "
        f"{_interval(pair.low, pair.high)} (paired bootstrap: the test photos drawn again and again)."
    )
    parts.data(selected, lambda: [pair_row(selected, pair)], "compare.head_to_head")


def _figures(selected: Selected, pair: Paired) -> None:
    """Accuracy is not all: the same photos, every figure."""
    found = selected.comparison.metrics(pair.a, pair.b)
    st.markdown("**How far apart are they in other figures?**")
    columns = {
        "A": st.column_config.TextColumn("A", alignment="right"),
        "B": st.column_config.TextColumn("B", alignment="right"),
        "Difference": st.column_config.TextColumn("A minus B", alignment="right"),
        "Interval": _interval_column("The test photos drawn again, the same ones for both runs (paired bootstrap)."),
    }
    table([_figure_row(one) for one in found], key="compare.figures", columns=columns)
    parts.data(selected, lambda: [vars(one) for one in found], "compare.figures_of_two")


def _figure_row(one: MetricDifference) -> dict:
    kind = TEST_METRICS[one.metric]
    said, signed = (percent, _signed) if kind.percent else ("{:.3f}".format, _signed_number)
    return {
        "Figure": f"{kind.title[0].upper()}{kind.title[1:]}",
        "A": said(one.a),
        "B": said(one.b),
        "Difference": signed(one.difference),
        "Interval": f"{signed(one.low)} to {signed(one.high)}",
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
    st.markdown("**Which classes differ?**")
    columns = {
        "Class": name_column("Class", names),
        "Photos": number("Photos", "Test photos of the class."),
        "A": number("A", "Share of the class's photos that A gets right."),
        "B": number("B", "Share of the class's photos that B gets right."),
        "Difference": number("A minus B", "In points."),
        "Interval": _interval_column("Newcombe's, in points."),
        "p": number("p", "McNemar's exact test on the photos of the class, corrected for all classes (Holm)."),
        "Verdict": _verdict_column(),
    }
    formats: dict[str, Callable[[Any], str]] = {"A": percent, "B": percent, "Difference": _signed, "p": bare_p}
    table([_class_row(one) for one in ordered], key="compare.class_differences", formats=formats, columns=columns)
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
        "Verdict": "" if one.tie is None else _TIE if one.tie else _REAL,
    }


def _photos(selected: Selected, pair: Paired) -> None:
    """The photos that decide, with both answers."""
    predictions, names = selected.comparison.predictions, selected.comparison.class_names
    both = [predictions[pair.a], predictions[pair.b]]
    for letter, digests in (("A", pair.only_a_digests), ("B", pair.only_b_digests)):
        with st.expander(f"Only {letter} gets these right: {count(len(digests), 'photo')}", expanded=bool(digests)):
            parts.photos(selected, compared_photos(both, names, digests[: parts.PHOTOS_SHOWN]))
            if len(digests) > parts.PHOTOS_SHOWN:
                st.caption(f"The first {parts.PHOTOS_SHOWN} of {count(len(digests), 'photo')}.")


def _against_best(selected: Selected) -> None:
    """The best against each other run; a row opens that pair above."""
    pairs = selected.comparison.against_best
    if len(pairs) < 2:
        return
    ties = sum(pair.tie for pair in pairs)
    best = plain(selected.brief_names[pairs[0].a])
    st.markdown(f"**Is {best} really the best?**")
    could = f"Of the {len(pairs)} other runs drawn here {ties} may be as good: the difference could be chance."
    st.caption(
        f"{could if ties else f'Yes: all {len(pairs)} others are clearly behind.'} p is corrected for "
        f"{len(pairs)} comparisons (Holm){_others(selected)}. Choose a row to see the two head to head."
    )
    short = parts.fitting_names(selected)
    names = [short[pair.b] for pair in pairs]
    columns = {
        "Run": parts.narrow_names(),
        "Difference": number("Behind by", "Accuracy of the best minus that of this run, in points."),
        "Interval": _interval_column("Paired bootstrap, in points."),
        "Best": number("Only the best", "Photos that only the best gets right."),
        "It": number("Only this run", "Photos that only this run gets right."),
        "p": number("p", "McNemar's exact test, corrected for all comparisons (Holm)."),
        "Verdict": _verdict_column(),
    }
    key = "compare.against_best"
    rows = [_pair_line(pair, name) for pair, name in zip(pairs, names, strict=True)]
    table(
        rows, key=key, formats={"Difference": points, "p": bare_p}, columns=columns, selection_mode="single-row",
        on_select=lambda: _open(key, pairs),
    )  # fmt: skip
    parts.data(selected, lambda: [pair_row(selected, pair) for pair in pairs], "compare.best_against_others")


def _others(selected: Selected) -> str:
    """While nothing is chosen the first line of the page is about more runs than are drawn."""
    best, here = selected.best, len(selected.comparison.against_best)
    if best is None or best.tests <= here:
        return ""
    return f"; the first line of the page and the leaderboard correct for all {best.tests}"


def _pair_line(pair: Paired, name: str) -> dict:
    return {
        "Run": name,
        "Difference": pair.difference,
        "Interval": _interval(pair.low, pair.high),
        "Best": pair.only_a,
        "It": pair.only_b,
        "p": pair.adjusted_p,
        "Verdict": _TIE if pair.tie else _REAL,
    }


def _open(key: str, pairs: Sequence[Paired]) -> None:
    rows = st.session_state[key]["selection"]["rows"]
    if rows:
        address.change(a=pairs[rows[0]].a, b=pairs[rows[0]].b)


def _interval_column(help: str) -> ColumnConfig:
    return st.column_config.TextColumn("95 % interval", alignment="right", width=120, help=help)


def _verdict_column() -> ColumnConfig:
    help = "Tie: a difference this large could well be chance. Real: it hardly could (corrected p below 0.05)."
    return st.column_config.TextColumn("Difference", width=80, help=help)


def _signed(difference: float) -> str:
    said = f"{100 * difference:+.1f}".replace("-", "−")
    return "0.0" if said[1:] == "0.0" else said


def _signed_number(difference: float) -> str:
    return f"{difference:+.3f}".replace("-", "−")


def _interval(low: float, high: float) -> str:
    return f"{_signed(low)} to {_signed(high)}"
