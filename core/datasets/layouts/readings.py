"""Every sensible way to read an upload: how it is laid out, and in which encoding its names are."""

from dataclasses import replace
from pathlib import Path

from core.datasets.archives.encodings import title_of
from core.datasets.archives.listing import Upload
from core.datasets.archives.uploads import open_upload
from core.datasets.labels.contents import Contents
from core.datasets.layout import Layout, LayoutChoice
from core.datasets.layouts.recognition import read_layouts
from core.datasets.names import quoted
from core.errors import InvalidInput


def read_upload(source: Path, *, encoding: str | None = None) -> LayoutChoice:
    """The ways to read a folder or archive; the files refused at sight are among the rejections of each.

    Where names may be in one of several encodings, each of them is a layout of its own, called ``cp850`` or, below
    several layouts, ``folders-cp850``.

    Args:
        source: see ``open_upload``. encoding: of the names; None to find it out.

    Raises:
        InvalidInput: there is no way to read it. Refused: an archive breaks the policy.
    """
    upload = open_upload(source, encoding=encoding)
    choice = _read(upload, source)
    if encoding is not None or len(upload.encodings) < 2:
        return choice
    readings = {upload.encodings[0]: choice}
    for other in upload.encodings[1:]:
        try:
            readings[other] = _read(open_upload(source, encoding=other), source)
        except InvalidInput:  # names that cannot be classes: not this encoding
            continue
    return _by_encoding(readings)


def _read(upload: Upload, source: Path) -> LayoutChoice:
    choice = read_layouts(upload.files, upload.empty_folders, Contents(source))
    layouts = tuple(
        replace(
            layout,
            notes=(*upload.notes, *layout.notes),
            rejections=(*upload.rejections, *layout.rejections),
        )
        for layout in choice.layouts
    )
    return replace(choice, layouts=layouts)


def _by_encoding(readings: dict[str, LayoutChoice]) -> LayoutChoice:
    if len(readings) == 1:
        return next(iter(readings.values()))
    layouts = tuple(
        replace(
            layout,
            id=encoding if len(choice.layouts) == 1 else f"{layout.id}-{encoding}",
            title=f"{layout.title}, names in {title_of(encoding)}",
        )
        for encoding, choice in readings.items()
        for layout in choice.layouts
    )
    names = ", ".join(f"{quoted(_example(choice, readings))} in {encoding}" for encoding, choice in readings.items())
    questions = [f"The archive does not say the encoding of its names, and several fit: {names}."]
    questions += [choice.question for choice in readings.values() if choice.question]
    return LayoutChoice(layouts=layouts, question=" ".join(dict.fromkeys(questions)))


def _example(choice: LayoutChoice, readings: dict[str, LayoutChoice]) -> str:
    """A class name that only this reading has."""
    others = {name for other in readings.values() if other is not choice for name in _classes(other.layouts[0])}
    own = sorted(_classes(choice.layouts[0]))
    return next((name for name in own if name not in others), own[0])


def _classes(layout: Layout) -> set[str]:
    return {candidate.class_name for candidate in layout.candidates}
