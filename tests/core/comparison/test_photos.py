"""Behind the figures: single photos, classes, how sure a run may be."""

import numpy as np
import pytest

from core.comparison.photos import compared_photos, confusion_cells, photos_in_cell
from core.errors import InvalidInput
from core.runs.predictions import Predictions
from tests.comparison_values import answers

NAMES = ("cat", "dog", "eel")


def a_result(run_id="r-1", labels=(0, 0, 1, 1), given=(0, 1, 1, 0), sure=0.8, prefix="p") -> Predictions:
    """Photo i has digest ``p<i>``; ``sure`` is the probability of the class given, one number or one a photo."""
    n = len(labels)
    sure = np.broadcast_to(np.asarray(sure, float), n)
    probabilities = np.repeat(((1 - sure) / 2)[:, None], 3, axis=1)
    probabilities[np.arange(n), list(given)] = sure
    digests = tuple(f"{prefix}{number}" for number in range(n))
    return Predictions(run_id=run_id, digests=digests, labels=np.array(labels), probabilities=probabilities)


def random_result(run_id="r-1", n=500, classes=3, seed=0) -> Predictions:
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=n)
    scores = rng.normal(0, 1, (n, classes))
    scores[np.arange(n), labels] += 1.5
    powers = np.exp(scores)
    digests = tuple(f"p{number}" for number in range(n))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    return Predictions(run_id=run_id, digests=digests, labels=labels, probabilities=probabilities)


def test_a_photo_comes_with_what_every_run_said_about_it():
    a, b = a_result("a"), a_result("b", given=(0, 0, 2, 0), sure=0.5)
    (photo,) = compared_photos([a, b], NAMES, ["p2"])
    assert (photo.digest, photo.true) == ("p2", "dog")
    assert photo.predictions == (("a", "dog", 0.8), ("b", "eel", 0.5))


def test_photos_nobody_answered_are_left_out_and_the_order_is_kept():
    found = compared_photos([a_result()], NAMES, ["p3", "other", "p0"])
    assert [photo.digest for photo in found] == ["p3", "p0"]


def test_a_cell_of_two_runs_begins_with_the_photos_only_one_of_them_put_there():
    labels = (0, 0, 0, 0)
    a = a_result("a", labels, given=(1, 1, 0, 0), sure=(0.9, 0.6, 0.9, 0.9))
    b = a_result("b", labels, given=(1, 0, 1, 0), sure=(0.7, 0.9, 0.8, 0.9))
    found = photos_in_cell(a, b, NAMES, "cat", "dog")
    assert [photo.digest for photo in found] == ["p2", "p1", "p0"]
    assert all(len(photo.predictions) == 2 and photo.true == "cat" for photo in found)


def test_a_cell_of_one_run_has_its_photos_surest_first():
    a = a_result("a", (0, 0, 0), given=(1, 1, 0), sure=(0.6, 0.9, 0.8))
    assert [photo.digest for photo in photos_in_cell(a, None, NAMES, "cat", "dog")] == ["p1", "p0"]
    assert photos_in_cell(a, None, NAMES, "eel", "dog") == ()


def test_an_unknown_class_is_named_with_those_there_are():
    with pytest.raises(InvalidInput, match="no class 'cow'. Choose from: cat, dog, eel"):
        photos_in_cell(a_result(), None, NAMES, "cat", "cow")


def test_every_cell_of_the_confusion_table_lists_its_photos_surest_first():
    cells = confusion_cells(answers("r-1", "+-+-+-"), ("cat", "dog"))
    assert [(cell.true, cell.predicted, cell.digests) for cell in cells] == [
        ("cat", "cat", ("p4", "p2", "p0")),
        ("dog", "cat", ("p5", "p3", "p1")),
    ]


def test_class_names_must_fit_the_answers():
    with pytest.raises(InvalidInput, match="are for 2 classes, but its dataset has 3. Train it again"):
        confusion_cells(answers("r-1", "+-"), ("a", "b", "c"))
