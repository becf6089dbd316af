"""Actions on several runs at once: star, tag, archive, make champion, delete."""

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
    """A row of buttons for the runs with these ids; deleted ones are left out, and without any nothing is drawn.

    Args:
        dataset: of the runs; None for runs of several datasets, of which none can be made champion.
        key: unique on the page; the buttons are ``<key>.star``, ``.tags``, ``.archive``, ``.champion``, ``.weights``
            and ``.delete``.
    """
    runs = bench.registry.runs_of(run_ids)  # without those that were deleted after they were ticked
    if not runs:
        return
    row = st.container(horizontal=True, vertical_alignment="center", key=f"{key}.bar")
    messages = st.container()
    with row:
        st.caption(f"With {count(len(runs), 'selected run')}:", width="content")
        marks(bench, runs, key=key)
        if dataset is not None and len(runs) == 1:
            champions.make_button(bench, runs[0], key=f"{key}.champion")
        delete_weights_button(bench, runs, messages, key=f"{key}.weights")
        delete_button(bench, runs, messages, key=f"{key}.delete")


def marks(bench: Workbench, runs: Sequence[Run], *, key: str) -> None:
    """Buttons for star, tags and archive, inside the caller's row."""
    _star(bench, runs, key)
    _tags(bench, runs, key)
    _archive(bench, runs, key)


def badges(run: Run, *, champion: bool = False) -> str:
    """Champion, star, archived and tags of a run as markdown badges."""
    badges = [f":orange-badge[{TROPHY} Champion]"] if champion else []
    badges += [":yellow-badge[:material/star: Starred]"] if run.starred else []
    badges += [":gray-badge[:material/archive: Archived]"] if run.archived else []
    return " ".join([*badges, *(f":gray-badge[{plain(tag)}]" for tag in run.tags)])


def _star(bench: Workbench, runs: Sequence[Run], key: str) -> None:
    on = not all(run.starred for run in runs)
    label, icon = ("Star", ":material/star:") if on else ("Remove star", ":material/star_half:")
    _button(bench.star, runs, on, label, key=f"{key}.star", icon=icon)


def _archive(bench: Workbench, runs: Sequence[Run], key: str) -> None:
    on = not all(run.archived for run in runs)
    icon = ":material/archive:" if on else ":material/unarchive:"
    help_ = "Hides it from lists unless *Archived too* is on. Nothing is deleted." if on else None
    label = "Archive" if on else "Unarchive"
    _button(bench.archive, runs, on, label, key=f"{key}.archive", icon=icon, help=help_)


def _button(verb: Callable, runs: Sequence[Run], on: bool, label: str, **options: Any) -> None:
    st.button(label, on_click=attempt, args=(verb, [run.id for run in runs], on), **options)


def _tags(bench: Workbench, runs: Sequence[Run], key: str) -> None:
    """A box with the tags that any of the runs has; added tags are added to all, removed ones removed from all."""
    there = list(dict.fromkeys(tag for run in runs for tag in run.tags))
    with st.popover("Tags", icon=":material/sell:", key=f"{key}.tags"):
        box = f"{key}.tags.{'|'.join(run.id for run in runs)[:200]}"
        st.multiselect(
            "Tags", there, there, accept_new_options=True, key=box, placeholder="Add a tag",
            help="Words to search for." if len(runs) == 1 else "Words to search for, of all selected runs.",
            on_change=_retag, args=(bench, [run.id for run in runs], there, box),
        )  # fmt: skip


def _retag(bench: Workbench, run_ids: Sequence[str], before: Sequence[str], box: str) -> None:
    after = st.session_state[box]
    add, remove = [tag for tag in after if tag not in before], [tag for tag in before if tag not in after]
    attempt(bench.tag, run_ids, add, remove)


def delete_button(
    bench: Workbench, runs: Sequence[Run], messages: DeltaGenerator, *, key: str, label: str = "Delete"
) -> None:
    """Deletes runs with their files after a second click, removes them from the URL and redraws the page.

    Args:
        messages: the container for errors.
    """

    def what() -> str:
        impact = bench.preview_deletion([run.id for run in runs])
        consequences = f"{used_by_label(impact)}{alias_warning(impact)}"
        return f"This permanently deletes {_named(runs)}: {impact_label(impact)}.{consequences}"

    if confirm_danger(key, label, what, disabled=_all_running(runs)):
        with messages:
            _done(lambda: bench.delete_runs([run.id for run in runs]), runs)


def delete_weights_button(bench: Workbench, runs: Sequence[Run], messages: DeltaGenerator, *, key: str) -> None:
    """Deletes models and checkpoints after a second click and redraws the page; ``messages`` as above."""

    def what() -> str:
        impact = bench.preview_deletion([run.id for run in runs], weights_only=True)
        it = "it" if len(runs) == 1 else "they"
        return (
            f"This permanently deletes the weights of {_named(runs)}: {impact_label(impact)}. Metrics, curves and "
            f"predictions are kept for comparisons; {it} can no longer predict, be extended or be used by other runs."
            f"{used_by_label(impact)}{alias_warning(impact, weights_only=True)}"
        )

    icon = ":material/layers_clear:"
    if confirm_danger(key, "Delete weights", what, icon=icon, disabled=_all_running(runs)):
        with messages:
            _done(lambda: bench.delete_weights([run.id for run in runs]), ())


def _all_running(runs: Sequence[Run]) -> bool:
    """If only some are running, the deletion fails with an error that names them."""
    return all(run.status is Status.RUNNING for run in runs)


def _named(runs: Sequence[Run]) -> str:
    if len(runs) == 1:
        return f"**{plain(runs[0].name)}** (`{runs[0].id}`)"
    return f"**{count(len(runs), 'run')}**"


def _done(delete: Callable[[], DeletionImpact], deleted: Sequence[Run]) -> None:
    with explained():
        impact = delete()
        st.toast(f"Deleted: {impact_label(impact)}.", icon=":material/delete:")
        _remove_from_url({run.id for run in deleted})
        st.rerun()


def _remove_from_url(deleted: set[str]) -> None:
    """The page would show an error for runs that no longer exist."""
    for name in ("run", "runs", "models"):
        listed = ",".join(st.query_params.get_all(name)).split(",")
        kept = [run_id for run_id in listed if run_id not in deleted]
        if kept and len(kept) < len(listed):
            st.query_params[name] = ",".join(kept)
        elif len(kept) < len(listed):
            del st.query_params[name]
