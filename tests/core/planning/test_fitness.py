"""Whether a dataset is fit to learn from, and what its test photos allow to claim."""

import pytest
from statsmodels.stats.proportion import proportion_confint

from core.planning.fitness import claim, half_interval, photos_needed, problems_of
from tests.factories import make_dataset, make_photos


def dataset(class_names=("cat", "dog"), per_class=400, **changes):
    return make_dataset(make_photos(class_names, per_class), **changes)


def kinds(*arguments, leaks=0, **changes):
    return [problem.kind for problem in problems_of(dataset(*arguments, **changes), leaks=leaks)]


def test_a_large_balanced_dataset_is_fit():
    assert kinds() == []


@pytest.mark.parametrize(
    "names",
    [
        ("train", "test"),
        ("Training", "Testing"),
        ("training_set", "test_set"),
        ("train", "test", "valid"),
        ("cat", "Test"),
    ],
)
def test_split_words_as_classes_are_not(names):
    found = problems_of(dataset(names))
    assert (
        found[0].kind == "classes named like splits"
        and "named like" in found[0].text
        and "one folder per class" in str(found[0])
    )


@pytest.mark.parametrize("names", [("train", "bus"), ("contest", "valley"), ("trainer", "sandal")])
def test_words_that_only_look_like_splits_are_classes(names):
    assert kinds(names) == []


def test_leaks_are_said_with_their_number():
    (leak,) = problems_of(dataset(), leaks=3)
    assert leak.kind == "photos in two splits" and "3 photos of it are the same as one of another split" in leak.text


def test_classes_under_ten_photos_are_said_with_what_would_be_enough():
    few, *_, small = problems_of(dataset(per_class=3))
    assert "fewer than 10 photos of every class" in few.text and "10 photos a class would" in few.enough
    assert small.kind == "few test photos"
    assert kinds(per_class=9)[0] == "few photos" and kinds(per_class=10) == ["few test photos"]


def test_a_class_without_test_photos_is_named():
    changed = dataset(split_given=True)
    del changed.counts["test"]["dog"]
    found = {problem.kind: problem for problem in problems_of(changed)}
    assert "no test photos of dog" in found["classes without test photos"].text


def test_small_tests_are_said_with_their_interval_and_what_would_be_enough():
    (small,) = problems_of(dataset(per_class=100))
    assert small.text.startswith("30 test photos: an accuracy has a 95 % interval such as 50 % (33–67)")
    assert small.enough == "93 test photos would give 50 % (40–60) or better: about 620 photos in all."
    (given,) = problems_of(dataset(per_class=100, split_given=True))
    assert given.enough == "93 test photos would give 50 % (40–60) or better."


def test_imbalance_is_said():
    photos = [*make_photos(("cat",), 600), *make_photos(("dog",), 100)]
    (problem,) = problems_of(make_dataset(photos))
    assert problem.kind == "imbalance" and "6.0 times the photos of its smallest" in problem.text


@pytest.mark.parametrize("photos", [2, 10, 30, 93, 1000])
@pytest.mark.parametrize("accuracy", [0.5, 0.9])
def test_the_interval_is_that_of_statsmodels(photos, accuracy):
    low, high = proportion_confint(photos * accuracy, photos, method="wilson")
    assert half_interval(photos, accuracy) == pytest.approx((high - low) / 2)


def test_the_claim_gives_the_widest_interval_and_one_near_its_end():
    assert claim(30) == ("30 test photos: an accuracy has a 95 % interval such as 50 % (33–67) or 90 % (74–97).")
    assert "no test photos" in claim(0)


def test_photos_needed_are_the_fewest():
    assert half_interval(photos_needed(), 0.5) <= 0.10 < half_interval(photos_needed() - 1, 0.5)


def test_near_copies_across_splits_are_told():
    dataset = make_dataset()
    kinds = [problem.kind for problem in problems_of(dataset, leaked=2)]
    assert "near-copies across splits" in kinds
    assert "near-copies across splits" not in [problem.kind for problem in problems_of(dataset)]
    (text,) = (str(one) for one in problems_of(dataset, leaked=2) if one.kind == "near-copies across splits")
    assert text.startswith("2 test photos have a near-copy in another split, so accuracies may be too high.")
