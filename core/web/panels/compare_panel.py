"""Finished runs of one dataset side by side: sentence, cost, leaderboard, curves of the page Compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core import charts
from core.colours import run_colour
from core.comparison import (
    COSTS,
    METRICS,
    Paired,
    PhotoResults,
    Row,
    against_best,
    claim,
    curves,
    labels,
    leaderboard,
    verdict,
    without_shared,
)
from core.datasets.values import Dataset
from core.errors import GraftError
from core.runs import Run
from core.web.panels.tables import name_column, number, picture, table
from core.web.panels.words import saying, title_of
from core.web.widgets import colour_swatch, explained
from core.wording import brief, count, csv_text, duration, listed, plain, share
from core.workbench import Workbench


@dataclass(frozen=True, kw_only=True)
class Table:
    """All that the parts of the page need, read once.

    Args:
        runs, rows: as compared, ``rows`` best first and named without what all names share.
        results: answers per test photo of those that have them.
        pairs: the best against every other; ``missing``: why some runs have no answers.
    """

    dataset: Dataset
    runs: tuple[Run, ...]
    rows: tuple[Row, ...]
    results: Mapping[str, PhotoResults]
    pairs: tuple[Paired, ...]
    missing: tuple[str, ...]

    @property
    def names(self) -> dict[str, str]:
        return {row.run_id: row.name for row in self.rows}

    @property
    def brief_names(self) -> dict[str, str]:
        """Names short enough for a sentence; in full where two would read the same."""
        short = {run_id: brief(name) for run_id, name in self.names.items()}
        taken = list(short.values())
        return {run_id: name if taken.count(name) == 1 else self.names[run_id] for run_id, name in short.items()}

    @property
    def brief_rows(self) -> tuple[Row, ...]:
        return tuple(replace(row, name=self.brief_names[row.run_id]) for row in self.rows)


def gather(bench: Workbench, dataset: Dataset, runs: Sequence[Run]) -> Table:
    costs = bench.costs([run.id for run in runs])
    full = leaderboard(runs, costs, rate_per_hour=bench.rate()[0])
    names = without_shared({row.run_id: row.name for row in full})
    rows = tuple(replace(row, name=names[row.run_id]) for row in full)
    results, missing = {}, []
    for row in rows:
        try:
            results[row.run_id] = bench.photo_results(row.run_id)
        except GraftError as error:
            missing.append(str(error))
    pairs = against_best(list(results.values())) if len(results) > 1 else ()
    return Table(dataset=dataset, runs=tuple(runs), rows=rows, results=results, pairs=pairs, missing=tuple(missing))


def answer(found: Table) -> str:
    """The sentence of the page, in markdown: which is best, and whether the difference is real."""
    names, rows = found.brief_names, found.brief_rows
    best = rows[0]
    right = share(best.accuracy, best.interval)
    if len(found.rows) == 1:
        return f"{plain(best.name)} is right on {right} of the test photos; there is nothing to compare it with yet."
    if len(found.pairs) == 1:
        return plain(verdict(found.pairs[0], names))
    equal = [row for row in rows if row.accuracy == best.accuracy]
    first = f"{plain(best.name)} is the most accurate of {len(rows)} runs, right on {right} of the test photos"
    if len(equal) > 1:
        leaders = listed([plain(row.name) for row in equal], 3)
        first = (
            f"{leaders} are the most accurate of {len(rows)} runs, right on {right} of the test photos; "
            f"{plain(best.name)} costs least of them"
        )
    lower = {row.run_id for row in rows} - {row.run_id for row in equal}
    ties = [plain(names[pair.b]) for pair in found.pairs if pair.tie and pair.b in lower]
    if ties:
        return f"{first}. {listed(ties, 3)} may be as good: the difference could be chance."
    return f"{first}; the others are clearly behind." if lower else f"{first}."


def next_step(best: str) -> None:
    if st.button("Predict with the best", icon=":material/image_search:", type="primary", key="compare.predict"):
        st.switch_page("pages/predict.py", query_params={"models": best})


def problems(found: Table) -> None:
    for reason in found.missing:
        st.warning(plain(reason), icon=":material/warning:")


def verdicts(found: Table) -> None:
    """The best against each other one: a real difference or a tie."""
    for pair in found.pairs:
        icon = ":material/drag_handle:" if pair.tie else ":material/trending_up:"
        st.markdown(f"{icon} {plain(verdict(pair, found.brief_names))}")


def accuracy_against_cost(bench: Workbench, found: Table) -> None:
    measured = [kind for kind in COSTS.values() if any(getattr(row, kind.key) is not None for row in found.rows)]
    if not measured:
        return
    place, chooser = st.columns([3, 1], vertical_alignment="bottom")
    with chooser:
        kind = st.selectbox(
            "Cost", measured, format_func=title_of, key="compare.cost",
            help="Alone: had nothing been reused, so the order of runs does not matter. Paid: what it really took.",
        )  # fmt: skip
    place.markdown(f"**{plain(claim(found.brief_rows, found.pairs, kind.key))}**")
    figure = charts.accuracy_vs_cost(found.rows, cost=kind.key, currency=bench.rate()[1])
    st.plotly_chart(
        figure, key="compare.chart", theme="streamlit", config=charts.CONFIG,
        alt=f"Test accuracy with 95 % interval against {kind.title} of {count(len(found.rows), 'run')}",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(kind.help)
        _rate(bench)


def _rate(bench: Workbench) -> None:
    """What an hour of this machine costs; with it, time is also shown as money."""
    stored, currency = bench.rate()
    per_hour = None if stored is None else float(stored)  # a whole number comes back from the registry as an int
    with (
        st.popover("Price of an hour", icon=":material/payments:", type="tertiary", key="compare.rate"),
        st.form("compare.rate_form", border=False),
    ):
        help_ = "Of this machine: electricity, rent, whatever you count. Empty: no prices are shown."
        price = st.number_input("Price of an hour", 0.0, 999_999.0, per_hour, key="compare.price", help=help_)
        unit = st.text_input("Currency", currency, max_chars=8, key="compare.currency")
        if st.form_submit_button("Save", icon=":material/save:", key="compare.rate_save"):
            with explained():
                bench.set_rate(price, unit.strip() or "EUR")
                st.rerun()


def leaderboard_table(bench: Workbench, found: Table) -> None:
    currency = bench.rate()[1]
    kinds = [kind for kind in COSTS.values() if any(getattr(row, kind.key) is not None for row in found.rows)]
    shown = [kind for kind in kinds if kind.key in _SHOWN and not _as_paid(kind.key, found.rows)]
    words = {kind.key: saying(kind, currency) for kind in shown}
    columns = {kind.key: number(title_of(kind), kind.help) for kind in shown}
    rows = [_row(row, [kind.key for kind in shown]) for row in found.rows]
    columns |= {
        "Colour": picture(),
        "Place": st.column_config.NumberColumn(
            "Place", width=60, help="By test accuracy; of equals the cheaper one first."
        ),
        "Run": name_column("Run", [row.name for row in found.rows]),
        "Accuracy": number("Test accuracy", "Share of test photos it got right, with its 95 % interval beside it."),
        "Interval": st.column_config.TextColumn("95 % interval", alignment="right", help="Wilson interval."),
    }
    table(rows, key="compare.table", words=words | {"Accuracy": share}, columns=columns)
    name = f"{found.dataset.name}-v{found.dataset.version}-runs.csv"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download CSV", _csv(found, kinds), name, "text/csv", icon=":material/download:", on_click="ignore"
        )
        st.caption("with every cost that was measured", width="content")


_SHOWN = ("alone_wall_seconds", "wall_seconds", "alone_money", "energy_joules", "ms_per_photo", "model_bytes")
"""Costs that fit beside each other; the CSV has all of them."""


def _as_paid(key: str, rows: Sequence[Row]) -> bool:
    """Whether the column would repeat the one before: nothing was reused, so all was paid."""
    return key == "wall_seconds" and all(duration(row.wall_seconds) == duration(row.alone_wall_seconds) for row in rows)


def _row(row: Row, kinds: Sequence[str]) -> dict:
    measured = {
        "Colour": colour_swatch(run_colour(row.run_id)),
        "Place": row.rank,
        "Run": row.name,
        "Accuracy": row.accuracy,
        "Interval": "" if row.interval is None else f"{100 * row.interval[0]:.0f} to {100 * row.interval[1]:.0f} %",
    }
    return measured | {kind: getattr(row, kind) for kind in kinds}


def _csv(found: Table, kinds) -> str:
    header = ["place", "run", "name", "dataset", "accuracy", "low95", "high95", "epochs", "best_epoch"]
    full = labels(found.runs)
    rest = ("accuracy", "low", "high", "epochs", "best_epoch", *(kind.key for kind in kinds))
    rows = [
        [row.rank, row.run_id, full[row.run_id], found.dataset.name, *(getattr(row, key) for key in rest)]
        for row in found.rows
    ]
    return csv_text([*header, *(kind.key for kind in kinds)], rows)


def learning_curves(bench: Workbench, found: Table) -> None:
    metric = st.segmented_control(
        "Metric", METRICS, default="val_accuracy", required=True, key="compare.metric",
        format_func=lambda key: METRICS[key].title.capitalize(),
    )  # fmt: skip
    drawn = curves(found.runs, {run.id: bench.epochs(run.id) for run in found.runs}, metric)
    drawn = tuple(replace(curve, name=found.names[curve.run_id]) for curve in drawn)
    if not drawn:
        st.caption("No epochs were recorded.")
        return
    st.markdown(f"**{plain(charts.learning_curves_title(drawn))}**")
    figure = charts.learning_curves(drawn)
    ids = ",".join(run.id for run in found.runs)
    alt = f"{METRICS[metric].title} per epoch of {count(len(drawn), 'run')}"
    st.plotly_chart(figure, key="compare.curves", theme="streamlit", config=charts.CONFIG, alt=alt)
    st.page_link(
        "pages/board.py", label="All curves on the Board", icon=":material/monitoring:", query_params={"runs": ids}
    )
