"""Labels for photos without a class: drafts among the decisions of a dataset, and what a new version gets by them.

Labelled photos become training photos, at wish also validation photos, never test photos. Photos that were labelled
because a model was not sure of them are no random sample of the photos to come: an accuracy that is measured on them
would be too low, and would differ from that of the version before for no reason that lies in the models.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.curation.decisions import PhotoAction, PhotoDecision, changing, standing
from core.datasets.names import class_name as checked_class
from core.datasets.names import quoted
from core.datasets.pool import PoolPart, pool_of, pool_photos
from core.datasets.splits import position
from core.datasets.values import Dataset, Photo, UnlabelledPhoto
from core.errors import InvalidInput, NotFound
from core.files.here import dataset_here
from core.people.acting import Role, require
from core.settings import Settings
from core.text.nearly import did_you_mean


def label_photos(
    dataset: Dataset, labels: Mapping[str, str], *, settings: Settings, new_class: bool = False
) -> dict[str, str]:
    """Label photos of the pool of ``dataset``, as drafts until a version is made; returns the labels as they are kept.

    Args:
        labels: the class of each photo, by its digest. new_class: a class that does not exist yet may be among them.

    Raises:
        InvalidInput: there is no such class, or the name cannot be one. NotFound: the pool has no such photo.
        Forbidden: the acting person may not change datasets.
    """
    person = require(Role.TRAINER, "Labelling photos")
    _check_photos(dataset, list(labels), settings)
    with changing(dataset, settings) as decisions:
        known = [*dataset.class_names, *new_classes(dataset, decisions)]
        kept = {digest: _class(dataset, name, known, new_class) for digest, name in labels.items()}
        now = time.time()
        decisions += [
            PhotoDecision(digest=digest, action=PhotoAction.LABEL, target=name, by=person.name, at=now)
            for digest, name in kept.items()
        ]
    return kept


def set_aside(dataset: Dataset, digests: Sequence[str], *, settings: Settings) -> None:
    """Exclude photos of the pool that belong to no class.

    Raises:
        NotFound: the pool has no such photo. Forbidden: the acting person may not change datasets.
    """
    person = require(Role.TRAINER, "Labelling photos")
    _check_photos(dataset, digests, settings)
    now = time.time()
    with changing(dataset, settings) as decisions:
        decisions += [
            PhotoDecision(digest=digest, action=PhotoAction.EXCLUDE, by=person.name, at=now) for digest in digests
        ]


def check_can_add(dataset: Dataset, settings: Settings) -> None:
    """
    Raises:
        InvalidInput: several machines share datasets here. NotFound: the photos of the dataset are not here.
    """
    if settings.artifacts:
        raise InvalidInput(
            "Photos without a class cannot be added to a dataset that several machines share (GRAFT_ARTIFACTS): the "
            "others would not see them. Import them as the next version of the dataset, in a folder 'unlabelled'."
        )
    if dataset_here(settings, dataset.id).lacks_photos:
        raise NotFound(f"{dataset.name} came with a model, without its photos: import them first.")


def new_classes(dataset: Dataset, decisions: Sequence[PhotoDecision]) -> list[str]:
    """Classes that only drafts of labels have, sorted."""
    found = {one.target for one in standing(decisions).values() if one.action is PhotoAction.LABEL}
    return sorted(found - set(dataset.class_names))


def _check_photos(dataset: Dataset, digests: Sequence[str], settings: Settings) -> None:
    known = pool_photos(dataset_here(settings, dataset.id))
    missing = [digest for digest in digests if digest not in known]
    if missing:
        raise NotFound(f"{quoted(dataset.name)} has no photo without a class with the digest {missing[0][:80]!r}.")


def _class(dataset: Dataset, name: str, known: Sequence[str], new_class: bool) -> str:
    """The name as a class is called.

    Raises:
        InvalidInput: it is not known, and nobody said that it is new, or it cannot be a name.
    """
    if name in known:
        return name
    wanted = checked_class(name)
    if wanted in known:
        return wanted
    alike = next((one for one in known if one.casefold() == wanted.casefold()), None)
    if alike is not None:
        return alike
    if not new_class:
        raise InvalidInput(
            f"{quoted(dataset.name)} has no class {quoted(name)}.{did_you_mean(name, known)} Choose one of its "
            f"{len(dataset.class_names):,} classes, or say that it is a new class."
        )
    return wanted


@dataclass(frozen=True, kw_only=True)
class LabelledPool:
    """What becomes of a pool in a new version.

    Args:
        photos: that were labelled, with their split. rest: that stay without a class.
        changes: how many were labelled and excluded. parts: the pool before.
    """

    photos: tuple[Photo, ...]
    rest: tuple[UnlabelledPhoto, ...]
    changes: Counter[PhotoAction]
    parts: tuple[PoolPart, ...]


def labelled_pool(
    dataset: Dataset, decisions: Sequence[PhotoDecision], *, settings: Settings, validation: bool = False
) -> LabelledPool:
    """The pool of ``dataset`` after the decisions.

    Args:
        validation: draw validation photos from those that were labelled, of each class as many as the dataset has in
            proportion to its training photos; at least one stays for training.
    """
    parts = pool_of(dataset_here(settings, dataset.id))
    decided = standing(decisions)
    found: list[Photo] = []
    rest: list[UnlabelledPhoto] = []
    changes: Counter[PhotoAction] = Counter()
    for part in parts:
        for photo in part.photos:
            one = decided.get(photo.digest)
            if one is None or one.action not in (PhotoAction.LABEL, PhotoAction.EXCLUDE):
                rest.append(photo)
                continue
            changes[one.action] += 1
            if one.action is PhotoAction.LABEL:
                found.append(Photo(**vars(photo), class_name=one.target, split="train"))
    if validation:
        found = _with_validation(dataset, found)
    return LabelledPool(photos=tuple(found), rest=tuple(rest), changes=changes, parts=parts)


def _with_validation(dataset: Dataset, photos: Sequence[Photo]) -> list[Photo]:
    sizes = dataset.split_sizes
    share = sizes["validation"] / max(1, sizes["validation"] + sizes["train"])
    by_class: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        by_class[photo.class_name].append(photo)
    drawn = set()
    for own in by_class.values():
        number = min(int(share * len(own) + 0.5), len(own) - 1)
        drawn |= set(sorted((photo.digest for photo in own), key=lambda one: position(one, dataset.seed))[:number])
    return [replace(photo, split="validation") if photo.digest in drawn else photo for photo in photos]
