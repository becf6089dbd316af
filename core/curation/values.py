"""What a check of a dataset finds, as values and as JSON."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Self

METHOD = 2
"""Raised whenever the same photos would give other findings; findings of another method are not read."""


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A photo near another one by its features.

    Args:
        similarity: cosine of their features, at most 1.
    """

    digest: str
    class_name: str
    similarity: float


@dataclass(frozen=True, kw_only=True)
class LabelError:
    """A photo whose class is probably another one.

    Args:
        class_name: the given class. suggested: the most probable other class.
        given: probability of the given class. confidence: of the suggested class.
        probabilities: of the most probable classes, the highest first.
        nearest: the nearest photos that are no near-copies of it.
    """

    digest: str
    file: str
    split: str
    class_name: str
    suggested: str
    given: float
    confidence: float
    probabilities: dict[str, float]
    nearest: tuple[Neighbour, ...] = ()

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Reverse of ``asdict``."""
        return cls(**content | {"nearest": tuple(Neighbour(**one) for one in content["nearest"])})


@dataclass(frozen=True, kw_only=True)
class GroupedPhoto:
    """A photo of a group of near-copies."""

    digest: str
    file: str
    split: str
    class_name: str


@dataclass(frozen=True, kw_only=True)
class CopyLink:
    """Why two photos are near-copies.

    Args:
        first, second: digests. correlation: of their pixels where they overlap best, at most 1.
        mirrored: whether one had to be mirrored. share: side of the part that they have in common, 1 for the whole.
        similarity: cosine of their features; None where there were none.
        hash_distance: bits of 64 by which their perceptual hashes differ.
    """

    first: str
    second: str
    correlation: float
    mirrored: bool
    share: float
    similarity: float | None
    hash_distance: int


@dataclass(frozen=True, kw_only=True)
class CopyGroup:
    """Near-copies: two or more photos of one picture, or of one scene."""

    photos: tuple[GroupedPhoto, ...]
    links: tuple[CopyLink, ...]

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(photo.split for photo in self.photos))

    @property
    def is_leak(self) -> bool:
        """Whether they are in several splits, so that a model is measured on a photo that it has almost seen."""
        return len(self.splits) > 1

    @property
    def is_conflict(self) -> bool:
        """Whether they are in several classes."""
        return len({photo.class_name for photo in self.photos}) > 1

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Reverse of ``asdict``."""
        photos = tuple(GroupedPhoto(**one) for one in content["photos"])
        return cls(photos=photos, links=tuple(CopyLink(**one) for one in content["links"]))


@dataclass(frozen=True, kw_only=True)
class OddPhoto:
    """A photo that is unusual in some way.

    Args:
        reasons: ``dark``, ``bright``, ``blurred``, ``tiny``, ``odd shape``, ``low information`` or ``unlike its
            class``, each with the measured value as text.
    """

    digest: str
    file: str
    split: str
    class_name: str
    reasons: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Everything that was found in one dataset by one method.

    Args:
        backbone, title: whose features were used; "" where none could be.
        accuracy: share of the photos whose class the out-of-fold probabilities name, 0..1; None without features.
        notes: what could not be checked, as sentences. at: seconds since 1970. seconds: it took.
    """

    dataset_id: str
    digest: str
    backbone: str
    title: str
    accuracy: float | None
    labels: tuple[LabelError, ...]
    copies: tuple[CopyGroup, ...]
    odd: tuple[OddPhoto, ...]
    notes: tuple[str, ...]
    at: float
    seconds: float
    method: int = field(default=METHOD)

    @property
    def leaks(self) -> tuple[CopyGroup, ...]:
        """Groups that cross the split."""
        return tuple(group for group in self.copies if group.is_leak)

    @property
    def leaked(self) -> frozenset[str]:
        """Digests of the test photos of which a near-copy is in another split."""
        return frozenset(photo.digest for group in self.leaks for photo in group.photos if photo.split == "test")

    @property
    def suspects(self) -> frozenset[str]:
        """Digests of the photos that probably have another class."""
        return frozenset(one.digest for one in self.labels)

    def to_json(self) -> dict[str, Any]:
        """With what follows from the groups, for readers of the file."""
        content = asdict(self)
        content["copies"] = [
            {**asdict(one), "across_splits": one.is_leak, "across_classes": one.is_conflict} for one in self.copies
        ]
        return content

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Reverse of ``to_json``."""
        return cls(
            **content
            | {
                "labels": tuple(map(LabelError.from_json, content["labels"])),
                "copies": tuple(map(CopyGroup.from_json, _plain(content["copies"]))),
                "odd": tuple(OddPhoto(**one) for one in content["odd"]),
                "notes": tuple(content["notes"]),
            }
        )


def _plain(groups: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"photos": one["photos"], "links": one["links"]} for one in groups]
