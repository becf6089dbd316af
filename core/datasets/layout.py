"""The files of an upload, and what a reading of them says: class and split of every photo.

``recognition`` makes these values.
"""

from dataclasses import dataclass
from pathlib import Path

from core.datasets.archives.members import Member, ParquetRow
from core.datasets.names import quoted, quoted_list
from core.datasets.values import Rejection
from core.errors import GraftError, InvalidInput

_SUFFIXES = (
    ".jpg .jpeg .jpe .jfif .png .webp .bmp .gif .tif .tiff .heic .heif .hif .avif .jp2 .jxl .ico .ppm .pgm .pnm .tga",
    ".dng .cr2 .cr3 .nef .arw .orf .rw2 .raf .psd",
)
PHOTO_SUFFIXES = frozenset(" ".join(_SUFFIXES).split())
"""Of files that are meant as photos, whether or not they can be decoded."""

_JUNK = {"__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin"}


@dataclass(frozen=True, kw_only=True)
class UploadFile:
    """One file of an upload: ``parts`` of its path, its size in bytes, and where to read it.

    A photo in a row of a Parquet file has that file as the folder of its path.
    """

    parts: tuple[str, ...]
    size: int
    source: Member | Path | ParquetRow

    @property
    def name(self) -> str:
        return "/".join(self.parts)

    @property
    def suffix(self) -> str:
        """The last extension of its name in lower case, with its dot; "" without one."""
        stem, dot, extension = self.parts[-1].rpartition(".")
        return dot + extension.lower() if stem else ""

    @property
    def is_photo(self) -> bool:
        """Whether its name is one of a photo."""
        return self.suffix in PHOTO_SUFFIXES


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A file inside a class folder; ``split`` is "" where the upload gives none."""

    file: UploadFile
    class_name: str
    split: str


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One way to read an upload: which files are photos of which class and split.

    Args:
        id: names this way of reading within its upload, for ``--layout``.
        title: one line for display, what makes this way different from the others.
        candidates: in the order of their paths.
        unlabelled: photos without a class, kept aside, in the order of their paths.
        rejections: files outside of every class folder, and empty class folders.
        given: the splits the upload brings; empty when Graft draws it.
        notes: decisions of the reading, as sentences for the dataset.
    """

    id: str
    title: str
    candidates: tuple[Candidate, ...]
    unlabelled: tuple[UploadFile, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    given: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LayoutChoice:
    """All sensible ways to read an upload.

    Args:
        layouts: the most plausible first; never empty.
        question: why the user has to choose, as a sentence; "" where the first is certain.
    """

    layouts: tuple[Layout, ...]
    question: str = ""

    def chosen(self, layout_id: str | None) -> Layout:
        """The layout with this id, or the first where it is certain.

        Raises:
            InvalidInput: there is no layout of this id. Ambiguous: the user has to choose.
        """
        if layout_id is None:
            if self.question:
                raise Ambiguous(self.question, self.layouts)
            return self.layouts[0]
        for layout in self.layouts:
            if layout.id == layout_id:
                return layout
        raise InvalidInput(
            f"There is no layout {quoted(layout_id)}. Choose one of these: "
            f"{quoted_list([each.id for each in self.layouts])}."
        )


class Ambiguous(GraftError):
    """An upload can be read in several ways, and the user has to choose one of ``layouts``; nothing was stored."""

    def __init__(self, question: str, layouts: tuple[Layout, ...]) -> None:
        super().__init__(question)
        self.layouts = layouts


def is_junk(parts: tuple[str, ...]) -> bool:
    """Hidden files and folders, and those that macOS, Windows and NAS devices create in every folder."""
    return any(part.startswith(".") or part.casefold() in _JUNK for part in parts)
