"""Which test photos the page Compare is about: all, or those without suspects and leaks. All, until a person chooses.

A person sees how many there are, and what they are, with a link to the check.
"""

from dataclasses import replace

import streamlit as st

from core.curation.flags import Flag, FlaggedPhotos, flag_words
from core.datasets.values import Dataset
from core.errors import InvalidInput
from core.text.units import plain
from core.web.compare import address
from core.web.compare.address import Address
from core.web.parts.leaks import leak_marks
from core.workbench import Workbench

SWITCH = "compare.without.switch"


def choose(bench: Workbench, dataset: Dataset, now: Address) -> Address:
    """The mark of leaked test photos, and the switch; returns the address with the flags that can be left out."""
    leak_marks(bench, [dataset.id])
    found = bench.flagged(dataset.id)
    if found or now.without:
        _switch(found or FlaggedPhotos(), now)
    try:
        bench.subset(dataset.id, now.flags)
    except InvalidInput as error:
        st.warning(f"{plain(str(error))} All test photos are shown here.", icon=":material/warning:")
        return replace(now, without=())
    if Flag.SUSPECTS in now.flags and found:
        st.caption(_SUSPECTS)
    return now


_SUSPECTS = (
    "Suspect photos are those for which a linear head predicts another class. Many of them may only be hard to "
    "recognise; then accuracies without them are too high. A photo that you decide to keep is not left out."
)


def _switch(found: FlaggedPhotos, now: Address) -> None:
    flags = now.flags or tuple(Flag)
    words = flag_words({flag: len(found.of(flag)) for flag in flags}) or "flagged test photos"
    st.session_state[SWITCH] = bool(now.without)
    st.toggle(
        f"Without {words}", key=SWITCH, on_change=_into_url,
        help="Accuracies, intervals and tests are computed again on the other test photos, and ranks that change are "
        "marked. Suspect: a linear head predicts another class. Leaked: a near-copy of it is in another split.",
    )  # fmt: skip


def _into_url() -> None:
    address.change(without=tuple(map(str, Flag)) if st.session_state[SWITCH] else ())
