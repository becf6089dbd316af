"""Some of the test photos of a dataset, and what runs achieve on them.

Nothing is predicted again: which photos a run got right, and its predictions, are stored photo by photo. So a
leaderboard without suspect and leaked photos is ranked, and tested, by the same code as the one with all photos.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from core.comparison.board import Board
from core.comparison.cost_axes import SCORES
from core.curation.flags import Flag, FlaggedPhotos, flag_words
from core.errors import InvalidInput
from core.runs.metrics import evaluate, wilson_interval
from core.runs.predictions import Predictions
from core.runs.values import Evaluation, Run
from core.text.units import count

FEWEST_LEFT = 6
"""With fewer photos no difference can be significant: the smallest p-value of McNemar's exact test on five is 0.06."""


class TooFewLeft(InvalidInput):
    """Too few test photos are left to compare runs on."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PhotoSubset:
    """The test photos of a dataset without those that were left out.

    Args:
        digests: of all test photos, ascending. kept: (n,) bool.
        without: why photos were left out; numbers: how many each of these leaves out (a photo may count twice).
    """

    digests: tuple[str, ...]
    kept: np.ndarray
    without: tuple[Flag, ...]
    numbers: Mapping[Flag, int]

    @property
    def photos(self) -> int:
        """How many are left."""
        return int(self.kept.sum())

    @cached_property
    def key(self) -> tuple[tuple[Flag, ...], bytes]:
        """Equal for subsets of one dataset with the same photos."""
        return self.without, np.packbits(self.kept).tobytes()

    @property
    def words(self) -> str:
        """``33 of 48 test photos, without 3 suspect and 12 leaked test photos``."""
        left_out = flag_words(self.numbers)
        return f"{self.photos:,} of {count(len(self.digests), 'test photo')}{f', without {left_out}' * bool(left_out)}"

    def __contains__(self, digest: object) -> bool:
        return digest in self._digests

    def predictions(self, found: Predictions) -> Predictions:
        """Those for the photos that are left."""
        kept = self._digests
        return found.rows(np.array([row for row, digest in enumerate(found.digests) if digest in kept], np.int64))

    @cached_property
    def _digests(self) -> frozenset[str]:
        return frozenset(digest for digest, kept in zip(self.digests, self.kept.tolist(), strict=True) if kept)

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        numbers = {str(flag): number for flag, number in self.numbers.items()}
        left = {"photos": self.photos, "of": len(self.digests)}
        return {"without": list(map(str, self.without)), **numbers, **left, "sentence": f"On {self.words}."}


@lru_cache(maxsize=32)
def subset_of(digests: tuple[str, ...], flagged: FlaggedPhotos, without: tuple[Flag, ...], title: str) -> PhotoSubset:
    """The test photos without the flagged ones; remembered, since a page asks several times.

    Args:
        digests: of all test photos. title: of the dataset, for the error.

    Raises:
        TooFewLeft: fewer than ``FEWEST_LEFT`` would be left.
    """
    ordered = tuple(sorted(digests))
    left_out = flagged.left_out(without)
    kept = np.array([digest not in left_out for digest in ordered], bool)
    numbers = {flag: len(flagged.of(flag).intersection(ordered)) for flag in without}
    found = PhotoSubset(digests=ordered, kept=kept, without=without, numbers=numbers)
    if found.photos < FEWEST_LEFT:
        raise TooFewLeft(
            f"Without {flag_words(numbers) or 'photos'} only {found.photos} of {count(len(ordered), 'test photo')} of "
            f"{title} would be left, too few to compare runs: no difference could be significant. Compare on all "
            "photos."
        )
    return found


def board_on(board: Board, subset: PhotoSubset) -> Board:
    """The board with what each run achieved on these photos alone; computed once a board.

    Metrics other than accuracy are not known there, and no accuracy where it is not known which photos a run got right.
    """
    return board.remembered(("on", subset.key), lambda: _restricted(board, subset))


def _restricted(board: Board, subset: PhotoSubset) -> Board:
    bits, known = board.bits
    there = known & (board.photos == len(subset.digests))
    mask = np.packbits(subset.kept)
    wide = np.zeros(bits.shape[1] * 8, np.uint8)
    wide[: min(len(mask), len(wide))] = mask[: len(wide)]
    right = np.where(there[:, None], bits & wide.view(np.uint64), np.uint64(0))
    accuracy = np.where(there, np.bitwise_count(right).sum(axis=1, dtype=np.int64) / subset.photos, np.nan)
    unknown = np.full(len(board), np.nan)
    return board.with_columns(
        dict.fromkeys(SCORES, unknown)
        | {
            "accuracy": accuracy,
            "right": right.view(np.uint8),
            "known": there,
            "photos": np.where(there, subset.photos, 0).astype(np.int32),
        }
    )


def run_on(run: Run, accuracy: float | None, photos: int) -> Run:
    """The run with this accuracy on some photos, and its interval."""
    low, high = interval_on(accuracy, photos) or (None, None)
    return replace(run, test_accuracy=accuracy, test_low=low, test_high=high)


def evaluation_on(found: Predictions, class_names: Sequence[str]) -> Evaluation:
    """The evaluation of predictions that are restricted already."""
    return evaluate(found.probabilities, found.labels, tuple(class_names), found.digests)


def interval_on(accuracy: float | None, photos: int) -> tuple[float, float] | None:
    """Its 95 % interval (Wilson)."""
    return None if accuracy is None or not photos else wilson_interval(round(accuracy * photos), photos)
