"""Listing a folder on the server. Links are not followed: they could lead out of it or in circles."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput


@dataclass(frozen=True)
class Listed:
    """One file below the folder: ``parts`` of its path for people, the real ``path``, its size in bytes."""

    parts: tuple[str, ...]
    path: Path
    size: int
    is_link: bool


def list_folder(root: Path) -> tuple[tuple[Listed, ...], tuple[tuple[str, ...], ...]]:
    """Files below ``root`` in a stable order, and the folders without a file of their own.

    Raises:
        InvalidInput: the folder cannot be read.
    """
    files: list[Listed] = []
    empty: list[tuple[str, ...]] = []
    for folder, parts, names in _walk(root):
        files += [_listed(folder, parts, entry) for entry in names]
        if not names:
            empty.append(parts)
    return tuple(files), tuple(empty)


def _walk(root: Path) -> Iterator[tuple[Path, tuple[str, ...], list[os.DirEntry]]]:
    waiting: list[tuple[Path, tuple[str, ...]]] = [(root, ())]
    while waiting:
        folder, parts = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise InvalidInput(f"The folder {str(folder)!r} cannot be read: {error.strerror}.") from None
        folders = [entry for entry in found if entry.is_dir(follow_symlinks=False)]
        yield folder, parts, [entry for entry in found if not entry.is_dir(follow_symlinks=False)]
        waiting += [(folder / entry.name, (*parts, _text(entry.name))) for entry in reversed(folders)]


def _listed(folder: Path, parts: tuple[str, ...], entry: os.DirEntry) -> Listed:
    size = entry.stat(follow_symlinks=False).st_size
    return Listed((*parts, _text(entry.name)), folder / entry.name, size, entry.is_symlink())


def _text(name: str) -> str:
    """Names that are not UTF-8 on the disk become text that can be stored and shown."""
    return os.fsencode(name).decode("utf-8", "replace")
