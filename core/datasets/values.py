"""The values of a dataset: photos, classes, split, digest. No file is touched here."""

from dataclasses import asdict, dataclass, field
from typing import Any

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class Photo:
    """One accepted photo.

    Args:
        digest: SHA-256 (hex) of the bytes the user gave; also the stored file's name, ``photos/<digest>.jpg``.
        file: the path the user gave it, inside the archive or folder (shown, never opened).
        class_name: its class.
        split: ``train``, ``validation`` or ``test``; "" until it is drawn.
        width, height: of the original after EXIF orientation, in pixels.
        stored_bytes: size of the stored JPEG.
        pixels: SHA-256 (hex) of the stored JPEG: equal for files of the same picture
            (``core.datasets.decoding.identity``). None of photos that were imported before 0.5.0.
    """

    digest: str
    file: str
    class_name: str
    split: str = ""
    width: int
    height: int
    stored_bytes: int
    pixels: str | None = None


@dataclass(frozen=True, kw_only=True)
class UnlabelledPhoto:
    """One photo of the upload without a class: kept beside the dataset, never trained on or measured with.

    Args:
        digest, file, width, height, stored_bytes: as of a ``Photo``; stored as ``unlabelled/<digest>.jpg``.
    """

    digest: str
    file: str
    width: int
    height: int
    stored_bytes: int


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """One refused file and the reason, as a sentence fragment for display."""

    file: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """An immutable set of photos; changed photos make a new version under the same name.

    Args:
        id: opaque, ``d-`` and eight characters.
        name, version: for display and commands; version counts from 1 per name.
        digest: SHA-256 over ingest version, classes, every photo's (digest, class, split), the digests of the
            unlabelled photos where there are any, and ``grey_bits`` below 16.
        class_names: sorted; the index is the label.
        counts: ``{split: {class: photos}}``.
        rejections: files that were refused, with reasons (copies and conflicts included).
        split_given: whether the upload brought its own split.
        seed: of the split drawn by Graft.
        size_bytes: of the stored photos, the unlabelled ones included.
        created_at: seconds since 1970, UTC.
        seconds: the import took.
        notes: decisions of the import, as sentences ("3 photos were drawn for the validation split.").
        unlabelled: number of photos without a class; they are in no count and no split.
        grey_bits: how many bits its 16-bit grey photos use (``core.datasets.decoding.modes``), 16 of datasets
            imported before 0.5.0; None where it has no such photo.
        owner: name of the account that imported it; "" without one.
    """

    id: str
    name: str
    version: int
    digest: str
    class_names: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    rejections: tuple[Rejection, ...] = field(default=())
    split_given: bool
    seed: int
    size_bytes: int
    created_at: float
    seconds: float
    notes: tuple[str, ...] = ()
    unlabelled: int = 0
    grey_bits: int | None = None
    owner: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For manifests and bundles: without the owner, whose account belongs to one home."""
        return {name: value for name, value in asdict(self).items() if name != "owner"}

    @property
    def photo_count(self) -> int:
        return sum(self.split_sizes.values())

    @property
    def split_sizes(self) -> dict[str, int]:
        return {split: sum(self.counts.get(split, {}).values()) for split in SPLITS}

    @property
    def class_sizes(self) -> dict[str, int]:
        return {name: sum(self.counts.get(split, {}).get(name, 0) for split in SPLITS) for name in self.class_names}
