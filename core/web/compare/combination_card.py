"""Which finished runs to combine within a budget, on the page Compare: chosen by validation photos, then launched."""

import streamlit as st

from core.advising.combining import CombinationAdvice, advise_combination, launched_run
from core.advising.ensembles import OfferedModel, checked_budget
from core.datasets.values import Dataset
from core.errors import GraftError, InvalidInput
from core.output.combinations import RESTS_ON, combination_sentence
from core.recipes.patterns import Cascade
from core.runs.values import Run
from core.text.units import count, milliseconds, p_value, percent, plain, points, size
from core.web.parts.labels import interval
from core.web.parts.rights import allowed
from core.web.parts.tables import table
from core.web.runs.rows import attempt, open_link
from core.workbench import Workbench

TITLE = "Which runs to combine?"
_COLUMNS = {
    "Passed on": st.column_config.TextColumn(
        "Passed on", help="Photos on which the confidence of the cheap run is below the threshold: the costlier one "
        "predicts them.",
    ),
    "Against the single run": st.column_config.TextColumn(
        "Against the single run", help="Validation photos that only this one predicts correctly (gained), and that "
        "only the single run does (lost); McNemar's exact test.",
    ),
}  # fmt: skip


def show(bench: Workbench, dataset: Dataset) -> None:
    """The budget, and what was advised when the button was clicked last."""
    kept = f"combination.advice.{dataset.id}"
    with st.expander(
        TITLE, icon=":material/join_inner:", key=f"combination.{dataset.id}", expanded=kept in st.session_state
    ):
        st.caption(
            "Finds what is most accurate within a budget, of all finished runs: one run, an ensemble, or a confidence "
            "cascade. The choice is made on the validation photos; test photos are not read."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            most_ms = st.number_input(
                "Milliseconds a photo, at most", min_value=0.1, value=None, step=5.0, placeholder="any", width=240,
                key="combination.ms", help="On this machine, as measured for each run.",
            )  # fmt: skip
            most_mb = st.number_input(
                "Megabytes, at most", min_value=0.1, value=None, step=5.0, placeholder="any", width=240,
                key="combination.mb", help="Of the files that predict; files that runs share count once.",
            )  # fmt: skip
            clicked = st.button("Find the best", icon=":material/search:", key="combination.find")
        if clicked:
            st.session_state.pop(kept, None)
            _find(bench, dataset, kept, most_ms, most_mb)
        if kept in st.session_state:
            _advice(bench, st.session_state[kept])


def _find(bench: Workbench, dataset: Dataset, kept: str, most_ms: float | None, most_mb: float | None) -> None:
    """Computes the advice and keeps it for the session; why there is none is no error of the page."""
    try:
        with st.spinner("Comparing combinations on the validation photos …"):
            budget = checked_budget(most_ms, most_mb)
            found = advise_combination(dataset, budget, registry=bench.registry, settings=bench.settings)
    except InvalidInput as error:
        st.info(plain(str(error)), icon=":material/info:")
        return
    st.session_state[kept] = found


def _advice(bench: Workbench, advice: CombinationAdvice) -> None:
    icon = ":material/join_inner:" if advice.is_combination else ":material/check_circle:"
    st.markdown(f"{icon} **{plain(combination_sentence(advice))}**")
    others = [one for one in (advice.single, *advice.others) if one is not None and one is not advice.chosen]
    table([offer_row(advice, one) for one in (advice.chosen, *others)], key="combination.offers", columns=_COLUMNS)
    _evaluated(bench, advice)
    st.caption(plain(RESTS_ON))
    considered = f"{count(advice.runs, 'run')} considered on {count(advice.photos, 'validation photo')}."
    too_large = f"{count(advice.too_large, 'run')} alone beyond the budget." if advice.too_large else ""
    st.caption(plain(" ".join(filter(None, [considered, too_large, *advice.notes]))))


def offer_row(advice: CombinationAdvice, offer: OfferedModel) -> dict[str, str]:
    """What an offer reaches and costs, and how it differs from the single run."""
    tested = advice.against_single(offer)
    return {
        "Model": _kind(offer),
        "Validation accuracy": percent(offer.accuracy, offer.interval),
        "Time per photo": milliseconds(offer.milliseconds),
        "Size": size(offer.size_bytes),
        "Passed on": "" if offer.passed_on is None else percent(offer.passed_on),
        "Against the single run": ""
        if tested is None
        else f"{tested[0]} gained, {tested[1]} lost ({p_value(tested[2])})",
        "Runs": ", ".join(advice.names[run_id] for run_id in offer.run_ids),
    }


def _kind(offer: OfferedModel) -> str:
    if offer.cascade is None:
        return "single run"
    if offer.cascade is Cascade.CONFIDENCE:
        return "confidence cascade"
    return f"ensemble, 1/{len(offer.run_ids)} each"


def _evaluated(bench: Workbench, advice: CombinationAdvice) -> None:
    """The run that the combination is, with its test against the single run; or the button that makes it one."""
    chosen = advice.chosen
    run = launched_run(chosen, advice.dataset_id, bench.registry)
    if run is None:
        st.button(
            "Evaluate it on the test photos", icon=":material/play_arrow:", key="combination.launch",
            on_click=attempt, args=(bench.launch_offer, chosen),
            **allowed(help="Makes it a run of its own, in the leaderboard like any other. Nothing is trained."),
        )  # fmt: skip
        return
    st.markdown(f"On the test photos **{plain(run.name)}** reaches {percent(run.test_accuracy, interval(run))}.")
    if advice.is_combination and advice.single is not None:
        _against(bench, run, advice.single.run_ids[0])
    open_link(run, "Open the run")


def _against(bench: Workbench, run: Run, single: str) -> None:
    try:
        pair = bench.comparison([run.id, single]).pair(run.id, single)
    except GraftError as error:
        st.caption(plain(str(error)))
        return
    word = "more" if pair.difference > 0 else "less"
    far = f"{points(pair.difference)} {word} than" if pair.difference else "as much as"
    says = "not distinguishable" if pair.tie else "a significant difference"
    st.markdown(
        f"That is {far} the best single run on {count(pair.n, 'test photo')}: {says} ({p_value(pair.adjusted_p)})."
    )
