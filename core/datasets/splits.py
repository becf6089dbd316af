"""Drawing the split: stratified, seeded, by content; photos of the previous version keep their split.

Every photo has a fixed position in [0, 1), a hash of seed and content. The photos of a class are sorted by it: the
first 70 % are for training, the next 15 % for validation, the last 15 % for the test.

A threshold on the position alone (below 0.70 -> train) would never move a photo, but leaves small classes without test
photos. Sorting within the class keeps the proportions, but its borders move a little when photos are added. Therefore a
new version takes the splits of the previous one (``previous``): old photos keep theirs, and only new photos are
assigned, to the splits that lack most. Without ``previous`` only photos next to a border can change their split.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.datasets.values import SPLITS, Photo
from core.text.units import amount, count, listed

SHARES = {"train": 0.70, "validation": 0.15, "test": 0.15}


def position(digest: str, seed: int) -> float:
    """A photo's fixed position in [0, 1): the first 64 bits of SHA-256 over seed and digest."""
    hashed = hashlib.sha256(f"{seed}:{digest}".encode()).digest()
    return int.from_bytes(hashed[:8], "big") / 2**64


def with_split(
    photos: Sequence[Photo], given: frozenset[str], seed: int, previous: Mapping[str, str]
) -> tuple[tuple[Photo, ...], tuple[str, ...]]:
    """Photos with their split, ordered by split, class and digest, and notes for the user.

    A given split is kept; missing parts are drawn from its training photos, in the proportions of 70/15/15.
    Without one the split is drawn, and photos of ``previous`` keep theirs.

    Args:
        previous: ``{digest or pixels: split}`` of the version before.
    """
    known = {photo.digest: previous.get(photo.digest) or previous.get(photo.pixels or "") for photo in photos}
    previous = {digest: split for digest, split in known.items() if split}
    splits = {photo.digest: photo.split for photo in photos if photo.split}
    drawn = [split for split in SPLITS if split not in given]
    notes: list[str] = []
    if not given:
        splits = draw({photo.digest: photo.class_name for photo in photos}, seed=seed, previous=previous)
        notes += kept_note(splits, previous)
    elif drawn:
        pool = {photo.digest: photo.class_name for photo in photos if photo.split == "train"}
        parts = {split: SHARES[split] for split in ("train", *drawn)}
        shares = {split: share / sum(parts.values()) for split, share in parts.items()}
        splits |= draw(pool, seed=seed, previous=previous, shares=shares)
        notes += [_drawn_note(split, splits, seed) for split in drawn]
    found = tuple(sorted((replace(photo, split=splits[photo.digest]) for photo in photos), key=_order))
    return found, (*notes, *_missing_notes(found))


def draw(
    classes: Mapping[str, str],
    *,
    seed: int = 0,
    previous: Mapping[str, str] | None = None,
    shares: Mapping[str, float] = SHARES,
) -> dict[str, str]:
    """The split of every photo.

    Args:
        classes: ``{photo digest: class name}``.
        seed: another seed draws another split.
        previous: ``{photo digest: split}`` of the version before; these photos keep their split.
        shares: of the splits to draw; they add up to 1.

    Returns:
        ``{photo digest: split}``. Every class with as many photos as there are splits has one in each of them.
    """
    members: dict[str, list[str]] = {}
    for digest, name in classes.items():
        members.setdefault(name, []).append(digest)
    drawn: dict[str, str] = {}
    for digests in members.values():
        drawn |= _draw_class(sorted(digests, key=lambda digest: position(digest, seed)), previous or {}, shares)
    return drawn


def target_counts(photos: int, shares: Mapping[str, float] = SHARES) -> dict[str, int]:
    """Photos per split of a class, by the largest remainder (ties to the later split); one each if possible."""
    counts = {split: int(photos * share + 1e-9) for split, share in shares.items()}
    by_remainder = sorted(shares, key=lambda split: (photos * shares[split] - counts[split], _rank(split)))
    for split in by_remainder[len(by_remainder) - (photos - sum(counts.values())) :]:
        counts[split] += 1
    if photos >= len(shares):
        for split in counts:
            if counts[split] == 0:
                counts[max(counts, key=counts.__getitem__)] -= 1
                counts[split] = 1
    return counts


def _rank(split: str) -> int:
    return SPLITS.index(split)


def _draw_class(ordered: list[str], previous: Mapping[str, str], shares: Mapping[str, float]) -> dict[str, str]:
    drawn = {digest: previous[digest] for digest in ordered if previous.get(digest) in shares}
    new = [digest for digest in ordered if digest not in drawn]
    counts = _allocated(len(new), list(drawn.values()), target_counts(len(ordered), shares))
    start = 0
    for split in sorted(shares, key=_rank):
        drawn |= dict.fromkeys(new[start : start + counts[split]], split)
        start += counts[split]
    return _filled(ordered, drawn, shares)


def _allocated(new: int, old: list[str], wanted: dict[str, int]) -> dict[str, int]:
    """Number of new photos per split: each goes to the split that lacks most."""
    lacking = {split: wanted[split] - old.count(split) for split in wanted}
    counts = dict.fromkeys(wanted, 0)
    for _ in range(new):
        neediest = max(lacking, key=lambda split: (lacking[split], _rank(split)))
        counts[neediest] += 1
        lacking[neediest] -= 1
    return counts


def _filled(ordered: list[str], drawn: dict[str, str], shares: Mapping[str, float]) -> dict[str, str]:
    """Photos removed since the previous version can leave a split empty; only then an old photo changes its split."""
    counts = {split: list(drawn.values()).count(split) for split in shares}
    for split in shares:
        if counts[split] == 0 and len(ordered) >= len(shares):
            giver = max(counts, key=counts.__getitem__)
            moved = [digest for digest in ordered if drawn[digest] == giver][-1]
            drawn[moved] = split
            counts[giver], counts[split] = counts[giver] - 1, 1
    return drawn


def _order(photo: Photo) -> tuple[int, str, str]:
    return SPLITS.index(photo.split), photo.class_name, photo.digest


def kept_note(splits: Mapping[str, str], previous: Mapping[str, str]) -> list[str]:
    """Nothing where no photo is new: the split is the one of the version before."""
    kept = sum(previous.get(digest) == split for digest, split in splits.items())
    new = len(splits) - kept
    if not kept or not new:
        return []
    keep, are = ("keeps its" if kept == 1 else "keep their"), ("is" if new == 1 else "are")
    return [f"{count(kept, 'photo')} of the version before {keep} split; {amount(new)} {are} new."]


def _drawn_note(split: str, splits: Mapping[str, str], seed: int) -> str:
    drawn = sum(found == split for found in splits.values())
    were = "was" if drawn == 1 else "were"
    return (
        f"The upload has no {split} photos with a class: {amount(drawn)} of the training photos {were} drawn for the "
        f"{split} split (seed {seed})."
    )


def _missing_notes(photos: Sequence[Photo]) -> list[str]:
    """Classes without validation or test photos in the given split."""
    classes = {photo.class_name for photo in photos}
    notes = []
    for split in SPLITS[1:]:
        missing = sorted(classes - {photo.class_name for photo in photos if photo.split == split})
        if missing:
            notes.append(f"There are no {split} photos of {listed(missing)}.")
    return notes
