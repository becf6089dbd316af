"""Uploads described by short patterns of paths, and what a reading says about them."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from core.datasets.layout import Layout, LayoutChoice, UploadFile
from core.datasets.layouts.recognition import read_layouts


def paths(*patterns: str) -> list[str]:
    """``train/{cat,dog}/*2`` is ``train/cat/0.jpg``, ``train/cat/1.jpg``, ``train/dog/0.jpg``, ``train/dog/1.jpg``."""
    found: list[str] = []
    waiting = list(reversed(patterns))
    while waiting:
        pattern = waiting.pop()
        if group := re.search(r"\{([^{}]*)\}", pattern):
            before, after = pattern[: group.start()], pattern[group.end() :]
            waiting += [before + option + after for option in reversed(group[1].split(","))]
        elif many := re.search(r"\*(\d+)$", pattern):
            found += [f"{pattern[: many.start()]}{number}.jpg" for number in range(int(many[1]))]
        else:
            found.append(pattern)
    return found


def upload(*patterns: str) -> list[UploadFile]:
    return [UploadFile(parts=tuple(path.split("/")), size=1, source=Path(path)) for path in paths(*patterns)]


def first_layout(files: Sequence[UploadFile], empty_folders: Sequence[tuple[str, ...]] = ()) -> Layout:
    """The most plausible way to read these files."""
    return read_layouts(files, empty_folders).layouts[0]


def counts(layout: Layout) -> dict[str, dict[str, int]]:
    """``{split: {class: photos}}``; the split is "" where Graft draws it."""
    found: dict[str, Counter[str]] = {}
    for candidate in layout.candidates:
        found.setdefault(candidate.split, Counter())[candidate.class_name] += 1
    return {split: dict(classes) for split, classes in found.items()}


class Texts:
    """Contents of an upload that lie in memory: ``{path: text}``."""

    def __init__(self, texts: dict[str, str | bytes]) -> None:
        self.texts = texts

    def read(self, file: UploadFile) -> bytes:
        text = self.texts.get(file.name, b"")
        return text.encode() if isinstance(text, str) else text


def choice_of(texts: dict[str, str | bytes], *patterns: str) -> LayoutChoice:
    """The ways to read an upload of photos with tables beside them."""
    return read_layouts(upload(*patterns, *texts), (), Texts(texts))
