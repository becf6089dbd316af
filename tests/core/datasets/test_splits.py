"""The split: stratified, seeded, and photos that were there before never change sides."""

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.splits import SHARES, draw, kept_note, position, target_counts
from core.datasets.values import SPLITS
from tests.core.datasets.imports import given_split, imported, splits
from tests.photo_files import classes


def photos(**counts: int) -> dict[str, str]:
    return {
        hashlib.sha256(f"{name}{n}".encode()).hexdigest(): name for name, count in counts.items() for n in range(count)
    }


def counts(drawn: dict[str, str], classes: dict[str, str]) -> dict[str, Counter]:
    found: dict[str, Counter] = {}
    for digest, split in drawn.items():
        found.setdefault(classes[digest], Counter())[split] += 1
    return found


@given(st.integers(3, 2000))
def test_shares_of_a_class_are_within_one_photo_of_70_15_15(number):
    wanted = target_counts(number)
    assert sum(wanted.values()) == number
    for split, count in wanted.items():
        assert count >= 1
        assert abs(count - number * SHARES[split]) <= (1 if number >= 7 else 1.5)


@pytest.mark.parametrize(
    ("number", "wanted"),
    [(0, (0, 0, 0)), (1, (1, 0, 0)), (3, (1, 1, 1)), (4, (2, 1, 1)), (10, (7, 1, 2)), (100, (70, 15, 15))],
)
def test_shares_of_small_classes(number, wanted):
    assert tuple(target_counts(number)[split] for split in SPLITS) == wanted


def test_the_split_is_stratified():
    classes = photos(cat=100, dog=40, owl=3)
    found = counts(draw(classes), classes)
    assert found["cat"] == {"train": 70, "validation": 15, "test": 15}
    assert found["dog"] == {"train": 28, "validation": 6, "test": 6}
    assert found["owl"] == {"train": 1, "validation": 1, "test": 1}


def test_the_split_depends_on_content_and_seed_only():
    classes = photos(cat=50, dog=50)
    shuffled = dict(sorted(classes.items(), reverse=True))
    assert draw(classes, seed=3) == draw(shuffled, seed=3)
    assert draw(classes, seed=3) != draw(classes, seed=4)


def test_places_are_spread_evenly():
    values = [position(digest, 0) for digest in photos(cat=2000)]
    assert min(values) >= 0 and max(values) < 1
    assert abs(sum(value < 0.7 for value in values) / 2000 - 0.7) < 0.04


@given(st.integers(6, 60), st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 5))
def test_adding_photos_never_moves_old_ones(first, more, seed):
    """Version after version, each grown from the one before."""
    drawn: dict[str, str] = {}
    total = first
    for added in [0, *more]:
        total += added
        classes = photos(cat=total, dog=total // 2)
        grown = draw(classes, seed=seed, previous=drawn)
        assert {digest: grown[digest] for digest in drawn} == drawn
        drawn = grown


@given(st.integers(3, 60), st.integers(1, 60), st.integers(0, 5))
def test_from_three_photos_on_not_a_single_one_moves_and_shares_stay(before, added, seed):
    old = draw(photos(cat=before), seed=seed)
    classes = photos(cat=before + added)
    grown = draw(classes, seed=seed, previous=old)
    assert {digest: grown[digest] for digest in old} == old
    wanted = target_counts(before + added)
    assert all(abs(Counter(grown.values())[split] - wanted[split]) <= 1 for split in SPLITS)


def test_without_the_version_before_only_photos_at_the_borders_can_move():
    before, after = draw(photos(cat=200)), draw(photos(cat=220))
    moved = sum(after[digest] != split for digest, split in before.items())
    assert moved <= 12


def test_a_photo_that_changed_its_class_keeps_its_side():
    classes = photos(cat=20, dog=20)
    old = draw(classes)
    relabelled = next(digest for digest in classes if classes[digest] == "cat")
    assert draw(classes | {relabelled: "dog"}, previous=old) == old


def test_a_split_left_empty_by_removed_photos_is_filled_again():
    classes = photos(cat=10)
    old = draw(classes)
    left = {digest: name for digest, name in classes.items() if old[digest] != "test"}
    found = draw(left, previous=old)
    assert set(found.values()) == set(SPLITS)
    assert sum(found[digest] != old[digest] for digest in left) == 1


def test_a_part_can_be_drawn_from_training_photos_alone():
    found = Counter(draw(photos(cat=85), shares={"train": 0.7 / 0.85, "validation": 0.15 / 0.85}).values())
    assert found == {"train": 70, "validation": 15}


# --- in an import ---


def test_a_given_split_is_kept(zipped, home):
    dataset, photos = imported(zipped(given_split(valid=2, test=3)), home)
    assert dataset.split_given and dataset.split_sizes == {"train": 10, "validation": 4, "test": 6}
    assert all(photo.file.startswith(photo.split[:5]) for photo in photos) and not dataset.notes


@pytest.mark.parametrize(("there", "missing"), [("validation", "test"), ("test", "validation")])
def test_a_missing_part_of_a_given_split_is_drawn_from_train_and_said_so(zipped, home, there, missing):
    source = zipped(given_split(17, **{there: 4}))
    dataset, photos = imported(source, home, seed=2)
    assert dataset.counts[missing] == {"cat": 3, "dog": 3} and dataset.counts[there] == {"cat": 4, "dog": 4}
    assert dataset.notes == (
        f"The upload has no {missing} photos with a class: 6 of the training photos were drawn for the {missing} split "
        "(seed 2).",
    )
    assert all(photo.file.startswith("train/") for photo in photos if photo.split == missing)
    assert splits(imported(source, home, "d-2", seed=3)[1]) != splits(photos)


def test_classes_that_a_given_split_leaves_untested_are_noted(zipped, home):
    files = given_split(validation=2, test=2)
    files = {name: data for name, data in files.items() if not name.startswith("test/dog/")}
    assert imported(zipped(files), home)[0].notes == ("There are no test photos of dog.",)


@pytest.mark.parametrize(
    ("kept", "new", "note"),
    [
        (5, 2, "5 photos of the version before keep their split; 2 are new."),
        (1, 1, "1 photo of the version before keeps its split; 1 is new."),
        (5, 0, ""),
        (0, 5, ""),
    ],
)
def test_the_note_on_a_new_version(kept, new, note):
    drawn = {str(number): "train" for number in range(kept + new)}
    assert "".join(kept_note(drawn, {str(number): "train" for number in range(kept)})) == note


def test_a_new_version_leaves_old_photos_where_they_were(zipped, home):
    _, old = imported(zipped(classes(cat=10, dog=8)), home)
    more = classes(cat=10, dog=8) | classes("more/", first=500, cat=7, dog=9, owl=5)
    more = {
        name.removeprefix("more/").replace("/", "/new" if name.startswith("more/") else "/"): data
        for name, data in more.items()
    }
    dataset, new = imported(zipped(more), home, "d-2", previous=splits(old))
    assert {digest: splits(new)[digest] for digest in splits(old)} == splits(old)
    assert dataset.photo_count == 39 and dataset.notes == (
        "18 photos of the version before keep their split; 21 are new.",
    )
