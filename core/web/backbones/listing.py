"""All backbones: filters, published accuracy against cost, and a table that opens one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.backbones.values import HERE, Availability, Backbone
from core.charts.backbones import backbones_chart
from core.recipes.choosing import BackboneQuery
from core.recipes.labels import OFFERED
from core.recipes.patterns import Pattern
from core.registry.search import LONGEST_TEXT
from core.text.units import count, magnitude, percent
from core.web.parts import tables
from core.web.parts.charts import draw, finding
from core.web.parts.device import is_narrow
from core.web.parts.labels import weights_label
from core.web.parts.widgets import page_link
from core.workbench import Workbench

Choices = Sequence[tuple[Backbone, Availability]]

PARAMETERS = {"1 million": 1e6, "5 million": 5e6, "10 million": 1e7, "30 million": 3e7, "100 million": 1e8}
WORK = {"0.5 billion": 5e8, "1 billion": 1e9, "2 billion": 2e9, "5 billion": 5e9, "20 billion": 2e10}
TOP1 = {"70 %": 0.7, "75 %": 0.75, "80 %": 0.8, "85 %": 0.85}
INPUTS = {"224 px": 224, "260 px": 260, "384 px": 384}
_ANY, _READY, _ADDED = "All", "Ready to use", "Added"
_FORMATS: Mapping[str, Callable[[Any], str]] = {"top1": percent, "parameters": magnitude, "work": magnitude}
_ON_A_PHONE = ("name", "open", "top1", "parameters", "weights")


def first_line(everything: Choices) -> str:
    """How many there are, and how many can be used at once."""
    ready = sum(state in HERE for _, state in everything)
    added = sum(backbone.is_added for backbone, _ in everything)
    own = f", {added} added here" if added else ""
    here = f"{ready} can be used without a download"
    return f"Which pretrained backbone suits your photos? {count(len(everything), 'backbone')}{own}; {here}."


def show(bench: Workbench, everything: Choices) -> None:
    """The list. The filters are part of the address."""
    query = _filters(everything)
    shown = [pair for pair in everything if query.matches(*pair)]
    st.caption(f"{len(shown)} of {count(len(everything), 'backbone')} shown." if len(shown) < len(everything) else "")
    if not shown:
        st.info("No backbone matches all of this. Remove a filter to see more.", icon=":material/filter_alt_off:")
        return
    _chart(shown)
    _table(shown, bench.registry.value_counts("backbone"))
    _opening([backbone for backbone, _ in shown])
    with st.container(horizontal=True):
        page_link("models", "Models of your runs can be backbones too")


def _filters(everything: Choices) -> BackboneQuery:
    families = sorted({backbone.family for backbone, _ in everything}, key=str.casefold)
    licences = sorted({backbone.licence for backbone, _ in everything}, key=str.casefold)
    narrow = is_narrow()
    fields = st.container(key="fields-backbones")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        added = any(backbone.is_added for backbone, _ in everything)
        kind = st.segmented_control(
            "Weights", [_ANY, _READY, *([_ADDED] if added else [])], default=_ANY, required=True, key="weights",
            bind="query-params", width="content",
        )  # fmt: skip
        more = st.popover("Filter" if narrow else "More filters", icon=":material/filter_alt:")
    with fields:
        text = st.text_input(
            "Search", key="q", bind="query-params", max_chars=LONGEST_TEXT, icon=":material/search:",
            placeholder="Name or licence",
        )  # fmt: skip
    with more if narrow else fields:
        chosen = st.multiselect("Family", families, key="family", bind="query-params", placeholder="Any")
        work = _limit("Multiply-adds at most", WORK, "work", "Of one photo at the backbone's own input size.")
        top1 = _limit("ImageNet top-1 at least", TOP1, "top1", "As published; backbones without a figure are left out.")
    with more:
        parameters = _limit("Parameters at most", PARAMETERS, "parameters")
        side = _limit("Input at most", INPUTS, "input", "Side of the backbone's own input.")
        licence = st.multiselect("Licence", licences, key="licence", bind="query-params", placeholder="Any")
        allowed = st.multiselect(
            "Patterns it allows", list(OFFERED), format_func=lambda pattern: OFFERED[pattern].title,
            key="allows", bind="query-params", placeholder="Any",
        )  # fmt: skip
    return BackboneQuery(
        text=text,
        families=tuple(chosen),
        licences=tuple(licence),
        patterns=tuple(map(Pattern, allowed)),
        ready=kind == _READY,
        added=kind == _ADDED,
        most_parameters=PARAMETERS.get(parameters or ""),
        most_multiply_adds=WORK.get(work or ""),
        least_top1=TOP1.get(top1 or ""),
        largest_input=INPUTS.get(side or ""),
    )


def _limit(label: str, limits: Mapping[str, float], key: str, help: str | None = None) -> str | None:
    chosen: str | None = st.selectbox(
        label, list(limits), index=None, key=key, bind="query-params", placeholder="Any", help=help
    )
    return chosen


def _chart(shown: Choices) -> None:
    backbones = [backbone for backbone, _ in shown]
    if sum(backbone.top1 is not None and backbone.multiply_adds > 0 for backbone in backbones) < 2:
        return
    ready = {backbone.name for backbone, state in shown if state in HERE}
    chart = backbones_chart(backbones, ready, **({"width": 200} if is_narrow() else {}))
    finding(chart.title)
    draw(
        chart, key="backbones.chart", alt=f"ImageNet top-1 against multiply-adds of {count(len(shown), 'backbone')}",
        on_select=_clicked, selection_mode="points",
    )  # fmt: skip
    st.caption(f"{chart.caption} Click a point to open its page.")


def _clicked() -> None:
    points = st.session_state["backbones.chart"].selection.points
    if points:
        st.query_params.from_dict({"backbone": str(points[0]["customdata"][0])})


def _table(shown: Choices, runs: Mapping[str, int]) -> None:
    lines = [_line(backbone, state, runs.get(backbone.name, 0)) for backbone, state in shown]
    columns: dict[str, Any] = {
        "name": tables.name_column("Backbone", [str(line["name"]) for line in lines]),
        "open": st.column_config.ButtonColumn(
            "Page", type="tertiary", on_click=_open, args=([backbone.name for backbone, _ in shown],),
            key="backbones.open",
        ),
        "top1": tables.number("ImageNet top-1", "As published."),
        "parameters": tables.number("Parameters", "Without the ImageNet classifier."),
        "work": tables.number("Multiply-adds", "Of one photo at the backbone's own input size."),
        "input": tables.number("Input", "Side of the square input in pixels.", format="%d px"),
        "weights": st.column_config.TextColumn("Weights", help="Whether they are on this machine."),
        "runs": tables.number("Runs here", "Runs of this home with it."),
        "licence": st.column_config.TextColumn("Licence", help="Of the weights."),
        "trained": st.column_config.TextColumn("Trained on"),
    }  # fmt: skip
    kept = _ON_A_PHONE if is_narrow() else tuple(columns)
    tables.table(
        [{key: value for key, value in line.items() if key in kept} for line in lines],
        key="backbones.table",
        formats={key: label for key, label in _FORMATS.items() if key in kept},
        columns={key: column for key, column in columns.items() if key in kept},
    )


def _opening(shown: Sequence[Backbone]) -> None:
    """The same as a click in the table or the chart, which the keyboard cannot press."""
    names = {backbone.name: backbone.title for backbone in shown}
    st.selectbox(
        "Open the page of", list(names), index=None, format_func=lambda name: names.get(name, name),
        key="backbones.choose", placeholder="A backbone", width=340, on_change=_chosen,
    )  # fmt: skip


def _chosen() -> None:
    name = st.session_state.pop("backbones.choose", None)
    if name:
        st.query_params.from_dict({"backbone": name})


def _line(backbone: Backbone, state: Availability, runs: int) -> dict[str, Any]:
    return {
        "name": backbone.title,
        "open": "Open",
        "top1": backbone.top1,
        "parameters": backbone.parameters,
        "work": backbone.multiply_adds or None,
        "input": backbone.input_size,
        "weights": weights_label(backbone, state),
        "runs": runs,
        "licence": backbone.licence,
        "trained": backbone.trained_on.partition(" (")[0] or "not known",
    }


def _open(names: Sequence[str]) -> None:
    st.query_params.from_dict({"backbone": names[st.session_state["backbones.open"]["row"]]})
