"""Which test photos are left out of a comparison, and what the check found about each."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.curation.flags import Flag, FlaggedPhotos
from core.curation.values import CopyGroup, Findings, LabelError
from core.text.units import listed, percent

_MOST_NAMED = 3
"""Near-copies that a reason names."""


@dataclass(frozen=True, kw_only=True)
class LeftOutPhoto:
    """A flagged test photo.

    Args:
        class_name: the given class. reasons: one sentence for each flag that it has.
    """

    digest: str
    file: str
    class_name: str
    reasons: tuple[str, ...]


def left_out_photos(findings: Findings, flagged: FlaggedPhotos, without: Sequence[Flag]) -> tuple[LeftOutPhoto, ...]:
    """The test photos that ``without`` leaves out, by file name; ``flagged`` knows which were decided to be right."""
    found: dict[str, LeftOutPhoto] = {}

    def add(digest: str, file: str, class_name: str, reason: str) -> None:
        known = found[digest].reasons if digest in found else ()
        found[digest] = LeftOutPhoto(digest=digest, file=file, class_name=class_name, reasons=(*known, reason))

    if Flag.SUSPECTS in without:
        for one in findings.labels:
            if one.digest in flagged.suspects:
                add(one.digest, one.file, one.class_name, _suspect(one))
    if Flag.LEAKS in without:
        for group in findings.leaks:
            for photo in group.photos:
                if photo.digest in flagged.leaked:
                    add(photo.digest, photo.file, photo.class_name, _leak(group))
    return tuple(sorted(found.values(), key=lambda one: (one.file, one.digest)))


def _suspect(one: LabelError) -> str:
    return f"Suspect: probably {one.suggested} ({percent(one.confidence)}), not {one.class_name} ({percent(one.given)})"


def _leak(group: CopyGroup) -> str:
    others = [f"{photo.file} ({photo.split})" for photo in group.photos if photo.split != "test"]
    return f"Leaked: near-copy of {listed(others, _MOST_NAMED)}"
