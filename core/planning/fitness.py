"""Whether a dataset is fit to learn from, and what its test photos allow to claim: asked before anything is trained.

``problems_of`` is the only place that decides it; pages and the command line show what it returns.
"""

from dataclasses import dataclass
from functools import cache

from core.datasets.layouts.split_words import split_word
from core.datasets.names import quoted_list
from core.datasets.splits import SHARES
from core.datasets.values import Dataset
from core.runs.metrics import wilson_interval
from core.text.units import count, listed, percent, times

FEWEST = 10
"""Photos of a class below which its metrics say nothing: Graft's split leaves one or two of them for the test."""

PRECISE = 0.10
"""Half of the widest interval an accuracy may have: models that differ by less cannot be told apart anyway."""

SMALL_TEST = "few test photos"
"""The kind of problem whose text is the claim."""

MOST_IMBALANCED = 5
"""Times as many photos the largest class may have as the smallest."""


@dataclass(frozen=True, kw_only=True)
class FitnessProblem:
    """One reason why a dataset is not fit to learn from, or not yet.

    Args:
        kind: ``classes named like splits``, ``photos in two splits``, ``near-copies across splits``,
            ``few photos``, ``classes without test photos``,
            ``few test photos`` or ``imbalance``.
        text: what is wrong, as sentences for display.
        enough: what would be enough, or what to do; "" where ``text`` says it.
    """

    kind: str
    text: str
    enough: str = ""

    def __str__(self) -> str:
        return f"{self.text} {self.enough}".strip()


def problems_of(dataset: Dataset, *, leaks: int = 0, leaked: int = 0) -> tuple[FitnessProblem, ...]:
    """Why ``dataset`` is not fit to learn from, the most serious reason first; empty where it is.

    Args:
        leaks: photos that are the same as one of another split. leaked: test photos with a near-copy in another split.
    """
    found = (
        _split_words(dataset),
        _leaks(leaks),
        _near_copies(leaked),
        _few_photos(dataset),
        _no_test_photos(dataset),
        _small_test(dataset),
        _imbalance(dataset),
    )
    return tuple(problem for problem in found if problem)


def half_interval(photos: int, accuracy: float) -> float:
    """Half the width of the 95 % interval of an accuracy, 0..0.5, that is measured on this number of test photos.

    Wilson's score interval (Wilson 1927), as for every accuracy that Graft shows. It is widest at an accuracy of 50 %
    and narrower towards 0 and 100 %, so one number for all accuracies would claim too much or too little.
    """
    low, high = wilson_interval(accuracy * photos, photos)
    return (high - low) / 2


def claim(photos: int) -> str:
    """What can be claimed with this number of test photos, as a sentence."""
    if not photos:
        return "There are no test photos, so no accuracy can be measured."
    middle, high = (percent(share, wilson_interval(share * photos, photos)) for share in (0.5, 0.9))
    return f"{count(photos, 'test photo')}: an accuracy has a 95 % interval such as {middle} or {high}."


@cache
def photos_needed(half: float = PRECISE) -> int:
    """The fewest test photos whose widest interval is ``half`` to each side: 93 for 0.10."""
    photos = 1
    while half_interval(photos, 0.5) > half:
        photos += 1
    return photos


def _split_words(dataset: Dataset) -> FitnessProblem | None:
    """Classes that are named like splits: the layout of the upload was not understood.

    Two of them are, or one that is named like a test or validation split; "train" alone may be a vehicle.
    """
    words = {name: word.split for name in dataset.class_names if (word := split_word(name)) and not word.affix}
    if len(set(words.values())) < 2 and not set(words.values()) & {"test", "validation"}:
        return None
    if len(words) == 1:
        text = f"The class {quoted_list(list(words))} is named like a split."
    else:
        text = f"The classes {quoted_list(list(words))} are named like splits."
    return FitnessProblem(
        kind="classes named like splits",
        text=text,
        enough="If they are no classes, import the photos again with one folder per class inside each split.",
    )


def _leaks(leaks: int) -> FitnessProblem | None:
    if not leaks:
        return None
    return FitnessProblem(
        kind="photos in two splits",
        text=f"{count(leaks, 'photo')} of it {'is' if leaks == 1 else 'are'} the same as one of another split, "
        "so accuracies may be too high.",
        enough="Import the photos again: copies then stay in one split.",
    )


def leaks_text(leaked: int) -> str:
    """``3 test photos have a near-copy in another split, so accuracies may be too high.``"""
    return (
        f"{count(leaked, 'test photo')} {'has' if leaked == 1 else 'have'} a near-copy in another split, "
        "so accuracies may be too high."
    )


def _near_copies(leaked: int) -> FitnessProblem | None:
    if not leaked:
        return None
    return FitnessProblem(
        kind="near-copies across splits",
        text=leaks_text(leaked),
        enough="Check photos, on the page of the dataset, keeps them on one side in a new version.",
    )


def _few_photos(dataset: Dataset) -> FitnessProblem | None:
    scarce = [name for name, photos in dataset.class_sizes.items() if photos < FEWEST]
    if not scarce:
        return None
    which = "every class" if len(scarce) == len(dataset.class_names) else listed(scarce, 3)
    return FitnessProblem(
        kind="few photos",
        text=f"There are fewer than {FEWEST} photos of {which}: enough to try Graft, too few to compare models.",
        enough=f"{FEWEST} photos a class would leave one or two of each for the test.",
    )


def _no_test_photos(dataset: Dataset) -> FitnessProblem | None:
    there = dataset.counts.get("test", {})
    missing = [name for name in dataset.class_names if not there.get(name)]
    if not missing:
        return None
    return FitnessProblem(
        kind="classes without test photos",
        text=f"There are no test photos of {listed(missing, 3)}, so how well they are recognised stays unknown.",
        enough="Put a few of each into the test folder.",
    )


def _small_test(dataset: Dataset) -> FitnessProblem | None:
    photos = dataset.split_sizes["test"]
    needed = photos_needed()
    if photos >= needed:
        return None
    interval = percent(0.5, wilson_interval(needed / 2, needed))
    enough = f"{needed} test photos would give {interval} or better"
    if dataset.split_given:
        return FitnessProblem(kind=SMALL_TEST, text=claim(photos), enough=f"{enough}.")
    total = round(needed / SHARES["test"], -1)
    return FitnessProblem(kind=SMALL_TEST, text=claim(photos), enough=f"{enough}: about {total:.0f} photos in all.")


def _imbalance(dataset: Dataset) -> FitnessProblem | None:
    most, least = max(dataset.class_sizes.values()), min(dataset.class_sizes.values())
    if most <= MOST_IMBALANCED * least:
        return None
    return FitnessProblem(kind="imbalance", text=f"Its largest class has {times(most / least)} photos of its smallest.")
