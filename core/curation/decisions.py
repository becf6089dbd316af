"""What people decided on the photos of a dataset: kept in its folder until a new version is made of it.

The file is a list in the order of the decisions; of several on one photo the last one counts. It is read, changed and
written under a lock, so that of two people at once nothing is lost.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum

from core.datasets.names import quoted
from core.datasets.values import SPLITS, Dataset
from core.errors import InvalidInput, NotFound
from core.files import atomic
from core.files.folders import DatasetFolder
from core.files.here import dataset_here
from core.files.locks import acquire
from core.people.acting import Role, require
from core.registry import Registry
from core.settings import Settings
from core.text.nearly import did_you_mean


class PhotoAction(StrEnum):
    """What becomes of a photo."""

    KEEP = "keep"
    RELABEL = "relabel"
    EXCLUDE = "exclude"
    MOVE = "move"
    LABEL = "label"


@dataclass(frozen=True, kw_only=True)
class PhotoDecision:
    """A decision on one photo.

    Args:
        target: the class of ``relabel`` and ``label``, the split of ``move``; "" of the others.
        by: name of the account, "" without one. at: seconds since 1970.
    """

    digest: str
    action: PhotoAction
    target: str = ""
    by: str = ""
    at: float = 0.0


def decisions_on(dataset: Dataset, settings: Settings) -> tuple[PhotoDecision, ...]:
    """All decisions, in their order."""
    return _read(dataset_here(settings, dataset.id))


def standing(decisions: Sequence[PhotoDecision]) -> dict[str, PhotoDecision]:
    """The last decision on each photo, by its digest."""
    return {one.digest: one for one in decisions}


def decide(
    dataset: Dataset,
    digests: Sequence[str],
    action: PhotoAction,
    target: str = "",
    *,
    registry: Registry,
    settings: Settings,
) -> None:
    """Add a decision on each of these photos.

    Raises:
        InvalidInput: there is no such class or split. NotFound: the dataset has no such photo.
        Forbidden: the acting person may not change datasets.
    """
    person = require(Role.TRAINER, "Deciding on photos")
    _check_target(dataset, action, target)
    for digest in digests:
        registry.photo(dataset.id, digest)
    new = [
        PhotoDecision(digest=digest, action=action, target=target, by=person.name, at=time.time()) for digest in digests
    ]
    with changing(dataset, settings) as decisions:
        decisions += new


def undo(dataset: Dataset, *, settings: Settings) -> PhotoDecision | None:
    """Take back the last decision of the acting person (all photos that were decided on with it); returns one of them,
    None where there is none."""
    person = require(Role.TRAINER, "Deciding on photos")
    with changing(dataset, settings) as decisions:
        own = [one for one in decisions if one.by == person.name]
        if not own:
            return None
        last = own[-1]
        alike = (last.action, last.target, last.by)
        number = len(decisions) - 1 - decisions[::-1].index(last)
        while number >= 0 and (one := decisions[number]).at >= last.at - _TOGETHER:
            if (one.action, one.target, one.by) == alike:
                del decisions[number]
            number -= 1
        return last


_TOGETHER = 0.05
"""Seconds between the decisions of one click."""


@contextmanager
def changing(dataset: Dataset, settings: Settings) -> Iterator[list[PhotoDecision]]:
    """The decisions as a list to change; it is written at the end of the block.

    Raises:
        NotFound: the dataset was deleted.
    """
    folder = dataset_here(settings, dataset.id)
    if not folder.path.is_dir():
        raise NotFound(f"There is no folder of dataset {quoted(dataset.name)} any more. It may have been deleted.")
    with acquire(folder.decisions_lock):
        decisions = list(_read(folder))
        yield decisions
        atomic.write_json(folder.decisions, [asdict(one) for one in decisions])


def _read(folder: DatasetFolder) -> tuple[PhotoDecision, ...]:
    try:
        content = json.loads(folder.decisions.read_text())
    except FileNotFoundError:
        return ()
    return tuple(PhotoDecision(**one | {"action": PhotoAction(one["action"])}) for one in content)


def _check_target(dataset: Dataset, action: PhotoAction, target: str) -> None:
    if action is PhotoAction.RELABEL and target not in dataset.class_names:
        meant = did_you_mean(target, dataset.class_names)
        raise InvalidInput(
            f"{quoted(dataset.name)} has no class {quoted(target)}.{meant} A photo can be relabelled to one of its "
            f"{len(dataset.class_names):,} classes; import the photos again to add a class."
        )
    if action is PhotoAction.MOVE and target not in SPLITS:
        raise InvalidInput(f"The split must be one of {', '.join(SPLITS)}. Received: {quoted(target)}")
