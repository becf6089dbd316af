"""What each way to read an upload would give, for the person who has to choose: classes, splits, counts, sample photos.

Counts are of files: nothing is decoded yet but the samples.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from core.datasets.decoding.passes import tasks_of
from core.datasets.decoding.photos import thumbnail
from core.datasets.decoding.sandbox import Decoded, decode_all
from core.datasets.layout import Layout, UploadFile
from core.datasets.values import SPLITS

SAMPLES = 3
"""Photos shown of a class."""

CLASSES_SHOWN = 12
"""Classes of which photos are shown; more would take long to decode and to look at."""

SAMPLE_SIDE = 192
"""Pixels of a side of a sample."""

UNLABELLED = ""
"""The key of the unlabelled photos among the samples; no class has an empty name."""

SECONDS = 20.0
"""Time for all samples: files that are slow to decode must not delay the question by minutes."""

_TRIED = 6
"""Files tried for a class, because some of them may be no photos."""


@dataclass(frozen=True, kw_only=True)
class LayoutSummary:
    """One way to read an upload, in values that can be stored as JSON.

    Args:
        id, title, notes: of the ``Layout``.
        classes: ``{class: files}``, in the order of their names.
        splits: ``{split: files}`` of the splits that the upload brings; empty where Graft draws the split.
        unlabelled: files without a class, kept aside. rejected: files left out.
        samples: ``{class: names of JPEG files}``, and of the unlabelled files under ``UNLABELLED``.
    """

    id: str
    title: str
    classes: dict[str, int]
    splits: dict[str, int]
    unlabelled: int = 0
    rejected: int = 0
    notes: tuple[str, ...] = ()
    samples: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Of ``dataclasses.asdict`` after a way through JSON."""
        samples = {name: tuple(files) for name, files in values["samples"].items()}
        return cls(**values | {"notes": tuple(values["notes"]), "samples": samples})

    @property
    def files(self) -> int:
        """Files that get a class."""
        return sum(self.classes.values())


def summarise(layout: Layout) -> LayoutSummary:
    """The summary of a layout, without samples."""
    classes = Counter(candidate.class_name for candidate in layout.candidates)
    splits = Counter(candidate.split for candidate in layout.candidates)
    return LayoutSummary(
        id=layout.id,
        title=layout.title,
        classes=dict(sorted(classes.items())),
        splits={split: splits[split] for split in SPLITS if split in layout.given},
        unlabelled=len(layout.unlabelled),
        rejected=len(layout.rejections),
        notes=layout.notes,
    )


def with_samples(
    layouts: Sequence[Layout], source: Path, folder: Path, *, cancelled: Callable[[], bool] = lambda: False
) -> tuple[LayoutSummary, ...]:
    """Summaries with up to ``SAMPLES`` photos of the first ``CLASSES_SHOWN`` classes, decoded in the sandbox.

    Args:
        source: the upload. folder: exists and gets the photos, as small square JPEGs.
        cancelled: asked about five times a second; True stops the decoding, as the end of ``SECONDS`` does. Photos
            that are missing then stay away.

    Raises:
        NoSpace: the disk is full. Unavailable: no decoder starts.
    """
    tried = [_tried(layout) for layout in layouts]
    files = {file.name: file for one in tried for some in one.values() for file in some}
    photos = _decoded(list(files.values()), source, folder, cancelled)
    found = []
    for layout, one in zip(layouts, tried, strict=True):
        samples = {
            name: tuple(dict.fromkeys(photos[file.name] for file in some if file.name in photos))[:SAMPLES]
            for name, some in one.items()
        }
        found.append(replace(summarise(layout), samples=samples))
    return tuple(found)


def _tried(layout: Layout) -> dict[str, list[UploadFile]]:
    """The files to try for each class: spread over the class, so that they show more than its first folder."""
    members: dict[str, list[UploadFile]] = {}
    for candidate in layout.candidates:
        members.setdefault(candidate.class_name, []).append(candidate.file)
    shown = {name: _spread(members[name]) for name in sorted(members)[:CLASSES_SHOWN]}
    return shown | ({UNLABELLED: _spread(list(layout.unlabelled))} if layout.unlabelled else {})


def _spread(files: Sequence[UploadFile]) -> list[UploadFile]:
    step = max(1, len(files) // _TRIED)
    return list(files[::step][:_TRIED])


def _decoded(files: Sequence[UploadFile], source: Path, folder: Path, cancelled: Callable[[], bool]) -> dict[str, str]:
    """``{name in the upload: file in folder}`` of the files that are photos."""
    end = time.monotonic() + SECONDS
    found: dict[str, str] = {}
    tasks = [replace(task, grey_bits=None) for task in tasks_of(files, source)]
    with closing(decode_all(tasks, folder)) as decoding:
        for result in decoding:
            if isinstance(result, Decoded):
                found[files[result.index].name] = f"{result.digest}.jpg"
            if cancelled() or time.monotonic() > end:
                break
    for name in set(found.values()):
        (folder / name).write_bytes(thumbnail(folder / name, SAMPLE_SIDE))
    return found
