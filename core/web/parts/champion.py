"""The champion of a dataset: the run chosen for use, with who chose it, when and why, and the history."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.datasets.values import Dataset
from core.runs.values import CHAMPION, LONGEST_WHO, LONGEST_WHY, AliasMove, Run, Status
from core.text.units import percent, plain
from core.web.parts.danger import confirm
from core.web.parts.labels import dataset_title, interval
from core.web.parts.times import timed, told, when
from core.web.parts.widgets import page_link, run_chip
from core.web.runs.rows import attempt, open_link
from core.workbench import Workbench
from core.workbench.organise import login_name

TROPHY = ":material/trophy:"
MOST_SHOWN = 50
"""Entries of the history that are shown."""


def make_button(bench: Workbench, run: Run, *, key: str) -> None:
    """Makes a finished run the champion of its dataset, after a dialog for the reason."""
    held = bench.aliases(run.dataset_id).get(CHAMPION)
    if held is not None and held.run_id == run.id:
        st.button("Is champion", key=key, icon=TROPHY, disabled=True, help=_since(held, told(held.at)))
        return
    before = f" It replaces **{plain(held.run_name)}**." if held is not None else ""
    text = f"**{plain(run.name)}** becomes the champion of its dataset.{before}"
    help_ = None if run.status is Status.FINISHED else "Only a finished run can be champion."
    _asking(
        key, "Make champion", text, lambda why, who: bench.set_alias(run.id, CHAMPION, why, who),
        disabled=run.status is not Status.FINISHED, help=help_,
    )  # fmt: skip


def show(bench: Workbench, dataset: Dataset) -> None:
    """The champion with its accuracy, buttons to roll back or remove it, and the history."""
    held, lost = bench.aliases(dataset.id).get(CHAMPION), bench.lost_aliases(dataset.id).get(CHAMPION)
    with st.container(border=True, key="champion"):
        if held is not None:
            _holder(bench, held)
        else:
            _nobody(dataset, lost)
        _buttons(bench, dataset, held)
        _history(bench, dataset)


def _holder(bench: Workbench, held: AliasMove) -> None:
    run = bench.registry.run(held.run_id or "")
    st.markdown(f":orange-badge[{TROPHY} Champion]")
    run_chip(run)
    st.markdown(f"**{percent(run.test_accuracy, interval(run))}** test accuracy.")
    timed(_since(held, when(held.at)))
    if not bench.has_model(run.id):
        st.warning("Its weights were deleted: it can be compared, but cannot predict.", icon=":material/layers_clear:")


def _nobody(dataset: Dataset, lost: AliasMove | None) -> None:
    if lost is not None:
        st.warning(
            f"The champion was {plain(lost.run_name)} ({plain(lost.run_id)}), which was deleted since. Choose another.",
            icon=TROPHY,
        )
    else:
        st.markdown(f"**{TROPHY} No champion yet**")
        st.caption(
            "Make a finished run the champion of this dataset, and every command and page accepts it as "
            f"**{plain(dataset.name)}@{CHAMPION}**."
        )


def _buttons(bench: Workbench, dataset: Dataset, held: AliasMove | None) -> None:
    before = bench.registry.before_alias(dataset.id, CHAMPION)
    if held is None and before is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if held is not None:
            run = bench.registry.run(held.run_id or "")
            if bench.has_model(run.id):
                page_link("predict", models=run.id)
            open_link(run, "Open run")
        if before is not None:
            text = f"**{plain(before.run_name)}** becomes champion again. This adds an entry to the history."
            _asking(
                "champion.back", "Roll back", text,
                lambda why, who: bench.roll_back_alias(dataset.id, CHAMPION, why, who), icon=":material/undo:",
            )  # fmt: skip
        if held is not None:
            text = f"{plain(dataset_title(dataset))} will have no champion. The run itself is kept."
            _asking(
                "champion.drop", "Remove", text,
                lambda why, who: bench.drop_alias(dataset.id, CHAMPION, why, who), icon=":material/close:",
            )  # fmt: skip


def _history(bench: Workbench, dataset: Dataset) -> None:
    moves = bench.registry.alias_history(dataset.id, CHAMPION)
    if not moves:
        return
    with st.expander(f"History ({len(moves)})", icon=":material/history:", key="champion.history"):
        # a list, because a table would cut long reasons
        st.markdown("\n".join(_entry(move) for move in moves[:MOST_SHOWN]), unsafe_allow_html=True)
        if len(moves) > MOST_SHOWN:
            st.caption(f"{len(moves) - MOST_SHOWN} earlier ones: `python -m core alias {plain(dataset.name)}`")


def _entry(move: AliasMove) -> str:
    event = "Removed"
    if move.run_id is not None:
        event = f"{'Back to ' if move.restores else ''}{plain(move.run_name)} ({plain(move.run_id)})"
    by, why = (f" by {plain(move.who)}" if move.who else ""), (f": {plain(move.why)}" if move.why else "")
    return f"- **{event}** · {when(move.at)}{by}{why}"


def _since(move: AliasMove, at: str) -> str:
    """Champion since ``at``, by whom and why, in Markdown."""
    by = f" by {plain(move.who)}" if move.who else ""
    why = f": {plain(move.why)}" if move.why else ""
    return f"Chosen {at}{by}{why}"


def who() -> str:
    """The e-mail address of the logged-in user, else the user of this machine."""
    email = getattr(st.user, "email", None) if getattr(st.user, "is_logged_in", False) else None
    return str(email) if email else login_name()


def _asking(
    key: str, label: str, text: str, do: Callable[[str, str], Any], *, icon: str = TROPHY, **button: Any
) -> None:
    """A button that opens a dialog for reason and name, then calls ``do(why, who)``; ``text`` is markdown."""

    def body() -> None:
        st.markdown(text)
        st.text_input("Reason", key=f"{key}.why", max_chars=LONGEST_WHY, placeholder="For the history")
        st.text_input("Name", who(), key=f"{key}.who", max_chars=LONGEST_WHO)

    if confirm(key, label, body, icon=icon, **button):
        attempt(do, st.session_state[f"{key}.why"], st.session_state[f"{key}.who"])
        st.rerun()
