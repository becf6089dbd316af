"""Which test photos a check found fault with: those whose class is probably wrong, and those that leaked.

Accuracies are measured with them; a comparison can leave them out (``core.comparison.subset``).
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.curation.checking import read_findings
from core.curation.decisions import PhotoAction, decisions_on, standing
from core.datasets.names import quoted
from core.datasets.values import Dataset
from core.errors import InvalidInput
from core.settings import Settings
from core.text.units import listed

CAPACITY = 64
"""Datasets whose flagged test photos are kept in memory."""


class Flag(StrEnum):
    """Why a test photo can be left out."""

    SUSPECTS = "suspects"
    LEAKS = "leaks"


@dataclass(frozen=True, kw_only=True)
class FlaggedPhotos:
    """Test photos of a dataset by what a check found.

    Args:
        suspects: digests of those that probably have another class, without those that a person decided to keep.
        leaked: digests of those with a near-copy in another split; a decision to keep them does not change that.
    """

    suspects: frozenset[str] = frozenset()
    leaked: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.suspects or self.leaked)

    def of(self, flag: Flag) -> frozenset[str]:
        return self.suspects if flag is Flag.SUSPECTS else self.leaked

    def left_out(self, flags: Iterable[Flag]) -> frozenset[str]:
        """The photos of any of the flags."""
        return frozenset().union(*(self.of(flag) for flag in flags))


def flags_of(text: str) -> tuple[Flag, ...]:
    """The flags of ``suspects,leaks``, each once, in the order of ``Flag``; () of an empty text.

    Raises:
        InvalidInput: a word is none of them.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in tuple(Flag)]
    if unknown:
        raise InvalidInput(f"Photos can be left out by {listed(tuple(Flag))}. Received: {quoted(unknown[0])}")
    return tuple(flag for flag in Flag if flag in words)


def flag_words(numbers: Mapping[Flag, int]) -> str:
    """``3 suspect and 1 leaked test photo``; "" where none is counted."""
    words = {Flag.SUSPECTS: "suspect", Flag.LEAKS: "leaked"}
    parts = [f"{numbers[flag]:,} {word}" for flag, word in words.items() if numbers.get(flag)]
    if not parts:
        return ""
    last = next(numbers[flag] for flag in reversed(Flag) if numbers.get(flag))
    return f"{listed(parts)} test photo{'' if last == 1 else 's'}"


def flagged_photos(dataset: Dataset, settings: Settings) -> FlaggedPhotos | None:
    """The flagged test photos as the check of ``dataset`` found them; None where it was not checked.

    What was found is read once a process, since neither a dataset nor its findings change; decisions are read again.
    """
    found = _found(dataset, settings)
    if found is None or not found.suspects:
        return found
    decided = standing(decisions_on(dataset, settings))
    kept = {digest for digest, one in decided.items() if one.action is PhotoAction.KEEP}
    return FlaggedPhotos(suspects=found.suspects - kept, leaked=found.leaked)


_lock = threading.Lock()
_known: OrderedDict[tuple[Path, str], FlaggedPhotos] = OrderedDict()


def _found(dataset: Dataset, settings: Settings) -> FlaggedPhotos | None:
    key = settings.home, dataset.id
    with _lock:
        if key in _known:
            return _known[key]
    findings = read_findings(dataset, settings)
    if findings is None:
        return None
    suspects = frozenset(one.digest for one in findings.labels if one.split == "test")
    found = FlaggedPhotos(suspects=suspects, leaked=findings.leaked)
    with _lock:
        _known[key] = found
        while len(_known) > CAPACITY:
            _known.popitem(last=False)
    return found
