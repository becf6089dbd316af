"""What can be done with several runs at once: star, tag, archive, make champion, delete."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.datasets.values import Dataset
from core.runs.values import Run, Status
from core.text.units import count, plain
from core.web.parts import champion as champions
from core.web.parts.champion import TROPHY
from core.web.parts.danger import confirm_danger
from core.web.parts.labels import alias_warning
from core.web.parts.widgets import explained
from core.web.runs.rows import attempt
from core.workbench import Workbench
from core.workbench.delete import DeletionImpact, impact_label, used_by_label


def bar(bench: Workbench, dataset: Dataset | None, run_ids: Sequence[str], *, key: str) -> None:
    """A row of buttons for the runs with these ids; ids that are gone are left out, and without any nothing is drawn.

    Args:
        dataset: of the runs; None where they are of several, and then none can become champion.
        key: unique on the page; the buttons are ``<key>.star``, ``.tags``, ``.archive``, ``.champion``, ``.weights``
            and ``.delete``.
    """
    runs = bench.registry.runs_of(run_ids)  # leaves out those that were deleted since they were ticked
    if not runs:
        return
    row = st.container(horizontal=True, vertical_alignment="center", key=f"{key}.bar")
    told = st.container()
    with row:
        st.caption(f"With {count(len(runs), 'ticked run')}:", width="content")
        marks(bench, runs, key=key)
        if dataset is not None and len(runs) == 1:
            champions.make_button(bench, runs[0], key=f"{key}.champion")
        delete_weights_button(bench, runs, told, key=f"{key}.weights")
        delete_button(bench, runs, told, key=f"{key}.delete")


def marks(bench: Workbench, runs: Sequence[Run], *, key: str) -> None:
    """The buttons that delete nothing, inside the caller's row: star, tags, archive."""
    _star(bench, runs, key)
    _tags(bench, runs, key)
    _archive(bench, runs, key)


def badges(run: Run, *, champion: bool = False) -> str:
    """What a person has said about a run, as markdown: champion, star, archived, tags."""
    said = [f":orange-badge[{TROPHY} Champion]"] if champion else []
    said += [":yellow-badge[:material/star: Starred]"] if run.starred else []
    said += [":gray-badge[:material/archive: Archived]"] if run.archived else []
    return " ".join([*said, *(f":gray-badge[{plain(tag)}]" for tag in run.tags)])


def _star(bench: Workbench, runs: Sequence[Run], key: str) -> None:
    on = not all(run.starred for run in runs)
    label, icon = ("Star", ":material/star:") if on else ("Remove star", ":material/star_half:")
    _button(bench.star, runs, on, label, key=f"{key}.star", icon=icon)


def _archive(bench: Workbench, runs: Sequence[Run], key: str) -> None:
    on = not all(run.archived for run in runs)
    icon = ":material/archive:" if on else ":material/unarchive:"
    help_ = "Lists leave archived runs out until you ask for them. Nothing is deleted." if on else None
    label = "Archive" if on else "Bring back"
    _button(bench.archive, runs, on, label, key=f"{key}.archive", icon=icon, help=help_)


def _button(verb: Callable, runs: Sequence[Run], on: bool, label: str, **options: Any) -> None:
    st.button(label, on_click=attempt, args=(verb, [run.id for run in runs], on), **options)


def _tags(bench: Workbench, runs: Sequence[Run], key: str) -> None:
    """One box with the tags that any of them has: what is added goes to all, what is taken out from all."""
    there = list(dict.fromkeys(tag for run in runs for tag in run.tags))
    with st.popover("Tags", icon=":material/sell:", key=f"{key}.tags"):
        box = f"{key}.tags.{'|'.join(run.id for run in runs)[:200]}"
        st.multiselect(
            "Tags", there, there, accept_new_options=True, key=box, placeholder="Type a word",
            help="Words to find it by." if len(runs) == 1 else "Words to find them by: what you add, all of them get.",
            on_change=_retag, args=(bench, [run.id for run in runs], there, box),
        )  # fmt: skip


def _retag(bench: Workbench, run_ids: Sequence[str], before: Sequence[str], box: str) -> None:
    after = st.session_state[box]
    add, remove = [tag for tag in after if tag not in before], [tag for tag in before if tag not in after]
    attempt(bench.tag, run_ids, add, remove)


def delete_button(
    bench: Workbench, runs: Sequence[Run], told: DeltaGenerator, *, key: str, label: str = "Delete"
) -> None:
    """Deletes runs with their files after a second click, takes them out of the URL and draws the page anew.

    Args:
        told: the container in which a refusal is said.
    """

    def what() -> str:
        impact = bench.preview_deletion([run.id for run in runs])
        consequences = f"{used_by_label(impact)}{alias_warning(impact)}"
        return f"This deletes {_named(runs)} for good: {impact_label(impact)}.{consequences}"

    if confirm_danger(key, label, what, disabled=_all_running(runs)):
        with told:
            _done(lambda: bench.delete_runs([run.id for run in runs]), runs)


def delete_weights_button(bench: Workbench, runs: Sequence[Run], told: DeltaGenerator, *, key: str) -> None:
    """Deletes models and checkpoints after a second click and draws the page anew; ``told`` as above."""

    def what() -> str:
        impact = bench.preview_deletion([run.id for run in runs], weights_only=True)
        it = "it" if len(runs) == 1 else "they"
        return (
            f"This deletes the weights of {_named(runs)} for good: {impact_label(impact)}. Figures, curves and answers "
            f"stay, to be compared as before; {it} can no longer be asked, trained further or built on."
            f"{used_by_label(impact)}{alias_warning(impact, weights_only=True)}"
        )

    icon = ":material/layers_clear:"
    if confirm_danger(key, "Delete weights", what, icon=icon, disabled=_all_running(runs)):
        with told:
            _done(lambda: bench.delete_weights([run.id for run in runs]), ())


def _all_running(runs: Sequence[Run]) -> bool:
    """Where only some run, a sentence says which: nothing is deleted then."""
    return all(run.status is Status.RUNNING for run in runs)


def _named(runs: Sequence[Run]) -> str:
    if len(runs) == 1:
        return f"**{plain(runs[0].name)}** (`{runs[0].id}`)"
    return f"**{count(len(runs), 'run')}**"


def _done(delete: Callable[[], DeletionImpact], gone: Sequence[Run]) -> None:
    with explained():
        impact = delete()
        st.toast(f"Deleted: {impact_label(impact)}.", icon=":material/delete:")
        _out_of_url({run.id for run in gone})
        st.rerun()


def _out_of_url(gone: set[str]) -> None:
    """A link to runs that are no longer there would be answered with an error."""
    for name in ("run", "runs", "models"):
        listed = ",".join(st.query_params.get_all(name)).split(",")
        kept = [run_id for run_id in listed if run_id not in gone]
        if kept and len(kept) < len(listed):
            st.query_params[name] = ",".join(kept)
        elif len(kept) < len(listed):
            del st.query_params[name]
