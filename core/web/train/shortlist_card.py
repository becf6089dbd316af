"""What is worth training: the shortlist of a dataset on the page Train. Nothing is computed in the page's process."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from core.advising.background import AdviceState, cancel_shortlist, shortlist_state, start_shortlist
from core.advising.regret import Regret, latest_shortlist, regret_of
from core.advising.values import Shortlist, ShortlistCandidate, ShortlistQuestion
from core.datasets.values import Dataset
from core.output.shortlists import neighbours_sentence, shortlist_sentence
from core.recipes.patterns import Pattern
from core.text.units import amount, count, percent, plain, points, rough_duration
from core.web.parts.device import is_narrow
from core.web.parts.job_progress import job_progress
from core.web.parts.polling import poll
from core.web.parts.tables import ROW_HEIGHT, table
from core.web.parts.times import timed, when
from core.web.parts.widgets import explained
from core.web.train import address
from core.web.train.address import CUSTOM, TrainAddress
from core.workbench import Workbench

TITLE = "What is worth training?"
_SHOWN = 6
"""Rows in sight, the named ones first; the others are reached by scrolling, so that the grid stays near."""


def shortlist_card(bench: Workbench, dataset: Dataset, *, grid: bool) -> None:
    """The newest shortlist, how far one in the background is, or the button that starts it.

    Open while one is made, and until everything that it named was trained, but not on a phone nor above the grid.

    Args:
        grid: the grid is below it.
    """
    latest = latest_shortlist(dataset.id, bench.registry)
    state = shortlist_state(dataset.id, settings=bench.settings)
    regret = regret_of(latest[0], bench.registry) if latest else None
    to_train = regret is not None and not regret.shortlist.is_whole and not is_narrow() and not grid
    with st.expander(
        TITLE, icon=":material/format_list_numbered:", expanded=state.is_active or to_train,
        key=f"shortlist.{dataset.id}",
    ):  # fmt: skip
        if latest is not None and regret is not None:
            found, made_at, who = latest
            _found(found, regret)
            timed(f"Made {when(made_at)}{f' by {plain(who)}' if who != 'local' else ''}")
        poll(_progress_or_end, state.is_active, bench, dataset)


def _progress_or_end(bench: Workbench, dataset: Dataset) -> None:
    state = shortlist_state(dataset.id, settings=bench.settings)
    watched = f"shortlist.watched.{dataset.id}"
    if state.is_active:
        st.session_state[watched] = True
        _progress(bench, dataset, state)
        return
    if st.session_state.pop(watched, False):
        st.rerun(scope="app")
    if state.message:
        st.warning(plain(state.message))
    _start(bench, dataset)


def _start(bench: Workbench, dataset: Dataset) -> None:
    st.caption(
        "Linear probes on a growing sample of the photos, scored on validation photos: backbones, input sizes and cuts "
        "are compared before anything is trained. Test photos are not read."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        minutes = st.number_input(
            "Minutes of training time", min_value=0.1, value=None, step=5.0, placeholder="any", width=180,
            help="Only recipes whose training fits, by Graft's estimate.", key="shortlist.minutes",
        )  # fmt: skip
        if st.button("Make a shortlist", icon=":material/format_list_numbered:", key="shortlist.start"):
            with explained():
                question = ShortlistQuestion(minutes=minutes)
                start_shortlist(dataset.id, question, settings=bench.settings, registry=bench.registry)
                st.rerun(scope="app")


def _progress(bench: Workbench, dataset: Dataset, state: AdviceState) -> None:
    near = state.neighbours
    if near is not None:
        st.markdown(
            f":material/near_me: Without any training, the nearest photos name the class of "
            f"**{percent(near.accuracy, (near.low, near.high))}** of {near.validation} validation photos "
            f"({plain(near.title)}, {near.size} px)."
        )
    job_progress(state, lambda: cancel_shortlist(bench.settings, dataset.id), key="shortlist", is_estimate=True)


def _found(found: Shortlist, regret: Regret) -> None:
    icon = ":material/help:" if found.too_few else ":material/check_circle:"
    st.markdown(f"{icon} **{plain(shortlist_sentence(found))}**")
    rows = _rows(found.candidates)
    height = "content" if len(rows) <= _SHOWN else ROW_HEIGHT * (1 + _SHOWN)
    table(rows, width="stretch", height=height, key="shortlist.rows")
    st.button(
        f"Tick {'it' if len(found.named) == 1 else 'these'} in the grid", icon=":material/done_all:",
        key="shortlist.tick", on_click=_tick, args=(found.named,),
    )  # fmt: skip
    more = _ticked(found.named) - len(found.named)
    if more:
        st.caption(
            f"The grid tries every ticked size and depth of a backbone, so {count(more, 'further run')} would be "
            "ticked with them."
        )
    if sentence := neighbours_sentence(found):
        st.caption(plain(sentence))
    for note in found.notes:
        st.caption(plain(note))
    _regret(regret)


def _rows(candidates: Sequence[ShortlistCandidate]) -> list[dict[str, object]]:
    best = max(candidates, key=lambda one: (one.round, -(one.log_loss or 0.0), one.accuracy))
    return [
        {
            "Train": str(one.place or ""),
            "Recipe": one.name,
            "Probe": percent(one.accuracy, (one.low, one.high)),
            "Photos": f"{amount(one.photos)} + {amount(one.validation)} validation, round {one.round}",
            "Against the best": "not distinguishable" if one.same else _difference(one, best),
            "Control": "highest published accuracy" if one.favourite else "",
            "Training": rough_duration(60 * one.minutes),
        }
        for one in candidates
    ]


def _difference(one: ShortlistCandidate, best: ShortlistCandidate) -> str:
    """The best has the lowest log loss, and may be less accurate."""
    return "less accurate" if one.accuracy < best.accuracy else "more accurate"


def _regret(regret: Regret) -> None:
    """What was trained since, beside the controls."""
    st.markdown(plain(regret.verdict))
    if not regret.runs:
        return
    advisors = (
        ("This shortlist", regret.shortlist),
        ("Highest published accuracy", regret.by_published),
        ("Most parameters", regret.by_parameters),
    )
    table(
        [
            {
                "Advice": name,
                "Trained": f"{one.trained} of {one.named}",
                "Best test accuracy": percent(one.accuracy) if one.accuracy is not None else "not known",
                "Regret": points(one.regret) if one.regret is not None else "not known",
            }
            for name, one in advisors
        ],
        width="stretch", key="shortlist.regret",
    )  # fmt: skip
    if regret.beyond is not None:
        name, accuracy = regret.beyond
        st.caption(f"{plain(name)} reached {percent(accuracy)}: no probe could tell that.")


def _tick(named: Sequence[ShortlistCandidate]) -> None:
    address.write(ticked(address.get(), named))


def ticked(now: TrainAddress, named: Sequence[ShortlistCandidate]) -> TrainAddress:
    """The address with these recipes chosen by hand, and no others."""
    sizes: dict[str, tuple[int, ...]] = {}
    depths: dict[Pattern, tuple[int, ...]] = {}
    for one in named:
        pattern = Pattern(one.pattern)
        sizes[one.backbone] = tuple(dict.fromkeys((*sizes.get(one.backbone, ()), one.size)))
        if pattern is not Pattern.MULTI_LAYER_PROBE:
            depths[pattern] = tuple(dict.fromkeys((*depths.get(pattern, ()), one.depth)))
    return replace(
        now,
        start=CUSTOM,
        cells=tuple(dict.fromkeys((one.backbone, Pattern(one.pattern)) for one in named)),
        sizes={name: own for name, own in sizes.items() if own != (0,)},
        depths={pattern: own for pattern, own in depths.items() if own != (0,)},
        cascade=None,
    )


def _ticked(named: Sequence[ShortlistCandidate]) -> int:
    """Recipes that the grid makes of it."""
    chosen = ticked(TrainAddress(), named)
    total = 0
    for backbone, pattern in chosen.cells or ():
        total += len(chosen.sizes.get(backbone, (0,))) * len(chosen.depths.get(pattern, (0,)))
    return total
