"""What is stored with an added backbone: its check photo, what was agreed, its files; and its removal."""

from collections.abc import Sequence

import streamlit as st

from core.backbones.added import AddedBackbone, AddedFile
from core.features.check_photo import CheckedPhoto, check_photo
from core.text.units import count, plain, size
from core.web.parts.danger import confirm_danger
from core.web.parts.tables import table
from core.web.parts.times import timed, when
from core.web.parts.widgets import explained
from core.workbench import Workbench
from core.workbench.delete import impact_label, used_by_label


def show(bench: Workbench, added: AddedBackbone) -> None:
    st.header("How it was added", anchor=False)
    facts = added.facts
    accepted = facts.get("accepted_licence")
    agreed = f" · licence {plain(accepted)} accepted" if accepted else ""
    timed(f"Added {when(added.added_at)}{agreed}")
    if facts.get("check"):
        _check(CheckedPhoto.from_json(facts["check"]))
    for note in [*facts.get("notes", ()), *facts.get("remarks", ())]:
        st.caption(plain(str(note)))
    if added.files:
        _files(added.files)
    _removal(bench, added)


def _check(check: CheckedPhoto) -> None:
    """The check photo and what the network computed for it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(check_photo(check.photo), width=120, alt="The check photo: a tower")
        st.markdown(
            f"Check photo: {count(len(check.features), 'feature')} computed by {plain(check.engine)}, all finite, and "
            "different from those of another photo.",
            width="stretch",
        )


def _files(files: Sequence[AddedFile]) -> None:
    label = f"{count(len(files), 'file')}, {size(sum(file.bytes for file in files))}"
    with st.expander(label, icon=":material/folder:", key="backbone.files"):
        rows = [{"File": file.path, "Size": file.bytes, "SHA-256": file.sha256} for file in files]
        table(rows, key="backbone.file-table", formats={"Size": size})


def _removal(bench: Workbench, added: AddedBackbone) -> None:
    name = added.backbone.name

    def what() -> str:
        impact = bench.preview_removal(name)
        title = plain(added.backbone.title)
        return f"This permanently removes **{title}**: {impact_label(impact)}.{used_by_label(impact)}"

    if confirm_danger("backbone.remove", "Remove this backbone", what):
        with explained():
            impact = bench.remove_backbone(name)
            st.toast(f"Removed: {impact_label(impact)}.", icon=":material/delete:")
            st.query_params.clear()
            st.rerun()
