"""Compared runs photo by photo: two of them head to head, and what one mixes up."""

from collections.abc import Sequence

import streamlit as st

from core import charts
from core.comparison import Cell, confusion_cells, most_confused, paired, verdict
from core.datasets.values import Dataset
from core.web.panels.compare_panel import Table, verdicts
from core.web.panels.tables import table
from core.web.thumbnails import photo_strip
from core.wording import count, p_value, plain, points
from core.workbench import Workbench

PHOTOS_SHOWN = 48


def head_to_head(bench: Workbench, found: Table) -> None:
    """Two runs on the same photos: who got which right (McNemar's exact test)."""
    ids = [row.run_id for row in found.rows if row.run_id in found.results]
    if len(ids) < 2:
        st.caption("Two finished runs are needed.")
        return
    if len(found.pairs) > 1:
        st.markdown("**The best against each other run**")
        verdicts(found)
        st.markdown("**Any two**")
    left, right = st.columns(2)
    first = left.selectbox("One", ids, format_func=lambda id_: found.names[id_], key="compare.one")
    others = [run_id for run_id in ids if run_id != first]
    second = right.selectbox("Other", others, format_func=lambda id_: found.names[id_], key="compare.other")
    pair = paired(found.results[first], found.results[second])
    st.markdown(f"**{plain(verdict(pair, found.brief_names))}**")
    one, other = found.names[first], found.names[second]
    table(
        [
            {"": f"{one} right", f"{other} right": pair.both_right, f"{other} wrong": pair.only_a},
            {"": f"{one} wrong", f"{other} right": pair.only_b, f"{other} wrong": pair.both_wrong},
        ],
        key="compare.fourfold",
    )
    st.caption(
        f"McNemar's exact test on the {count(pair.only_a + pair.only_b, 'photo')} that only one got right: "
        f"{p_value(pair.p_value)}; difference {points(pair.difference)}, 95 % interval "
        f"{100 * pair.low:.1f} to {100 * pair.high:.1f} points."
    )
    for name, digests, mistaken in ((one, pair.only_a_digests, second), (other, pair.only_b_digests, first)):
        if digests:
            st.markdown(f"Only **{plain(name)}** got these right:")
            _photos(bench, found.dataset, digests, _mistakes(found, mistaken, digests))


def confusion(bench: Workbench, found: Table) -> None:
    """Which classes one run mixes up; a cell opens its photos."""
    if not found.results:
        return
    run_id = st.selectbox(
        "Run", [*found.results], format_func=lambda id_: found.names[id_], key="compare.confusion_run"
    )
    evaluation = bench.evaluation(run_id)
    if evaluation is None:
        st.caption("This run was not measured.")
        return
    names = found.dataset.class_names
    st.markdown(f"**{plain(charts.confusion_title(evaluation, names))}**")
    cells = confusion_cells(found.results[run_id], names)
    chart, photos = st.columns(2)
    with chart:
        figure, key = charts.confusion(evaluation.confusion, names), f"compare.confusion.{run_id}"
        event = st.plotly_chart(
            figure, key=key, theme="streamlit", config=charts.CONFIG, on_select="rerun", selection_mode="points",
            alt="Confusion matrix: true class by predicted class",
        )  # fmt: skip
    with photos:
        _cell_photos(bench, found.dataset, cells, _clicked(event), key=run_id)


def _clicked(event) -> tuple[str, str] | None:
    """(true, predicted) of the cell that was clicked in the chart."""
    chosen = event["selection"]["points"]
    custom = chosen[0].get("customdata") if chosen else None
    return (str(custom[3]), str(custom[4])) if custom else None


def _cell_photos(bench: Workbench, dataset: Dataset, cells: Sequence[Cell], clicked, *, key: str) -> None:
    """The photos of a cell; the same cells can be chosen from a list, for keyboards and phones."""
    worst = most_confused(cells, limit=1)
    by_name = {
        (cell.true, cell.predicted): cell
        for cell in sorted(cells, key=lambda c: (c.true == c.predicted, -len(c.digests)))
    }
    start = clicked if clicked in by_name else (worst[0].true, worst[0].predicted) if worst else next(iter(by_name))
    state = f"compare.cell.{key}"
    if clicked in by_name and st.session_state.get(f"{state}.clicked") != clicked:
        st.session_state[state] = clicked
    st.session_state[f"{state}.clicked"] = clicked
    st.session_state.setdefault(state, start)
    chosen = st.selectbox(
        "Photos of a cell", list(by_name), key=state, help="Or click a cell of the chart.",
        format_func=lambda pair: _cell_words(by_name[pair]),
    )  # fmt: skip
    digests, right = by_name[chosen].digests, chosen[0] == chosen[1]
    caption = chosen[0] if right else f"{chosen[0]}, taken for {chosen[1]}"
    _photos(bench, dataset, digests, [caption] * len(digests))


def _cell_words(cell: Cell) -> str:
    said = "recognised" if cell.true == cell.predicted else f"taken for {cell.predicted}"
    return f"{cell.true} {said}: {count(len(cell.digests), 'photo')}"


def _mistakes(found: Table, run_id: str, digests: Sequence[str]) -> list[str]:
    """What each photo shows and what the run took it for."""
    results, names = found.results[run_id], found.dataset.class_names
    places = {digest: place for place, digest in enumerate(results.digests)}
    given = results.probabilities.argmax(axis=1)
    rows = [places[digest] for digest in digests]
    return [f"{names[results.labels[row]]}, taken for {names[given[row]]}" for row in rows]


def _photos(bench: Workbench, dataset: Dataset, digests: Sequence[str], captions: Sequence[str]) -> None:
    shown = digests[:PHOTOS_SHOWN]
    paths = [bench.photo_path(dataset.id, digest) for digest in shown]
    photo_strip(paths, [plain(caption) for caption in captions[: len(shown)]], width=136)
    if len(digests) > len(shown):
        st.caption(f"The first {len(shown)} of {count(len(digests), 'photo')}.")
