"""The order in which photos are best labelled, on features of the tests' own."""

import numpy as np

from core.advising.label_order import BLOCK, PER_PLACE, label_steps, margins_of, nearest_labelled
from core.curation.folds import unit_rows


def directions(*angles):
    """Rows of length 1 at these angles, in degrees."""
    return np.array([[np.cos(one), np.sin(one)] for one in np.deg2rad(angles)], np.float32)


def test_margins_are_between_the_two_most_probable_classes():
    found = margins_of(np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [1.0, 0.0, 0.0]]))
    assert np.allclose(found, [0.2, 0.7, 1.0]) and margins_of(np.ones((2, 1))).tolist() == [1, 1]


def test_uncertain_photos_come_before_certain_ones():
    rows = directions(*np.linspace(0, 90, 60))
    margins = np.where(np.arange(60) < 20, 0.1, 0.9)
    found = label_steps(margins, rows, directions(200), most=2)
    assert set(found.chosen) <= set(range(20)), "twenty candidates for two places are the uncertain ones"


def test_a_batch_is_not_near_copies_of_one_photo():
    near = directions(*(10 + 0.01 * np.arange(4)))
    others = directions(80, 150, 220)
    found = label_steps(np.array([0.0] * 4 + [0.05] * 3), np.concatenate([near, others]), directions(300), most=4)
    assert len([index for index in found.chosen if index < 4]) == 1 and len(set(found.chosen)) == 4


def test_of_equal_margins_what_is_like_a_labelled_photo_comes_last():
    rows = directions(0, 45, 90)
    found = label_steps(np.full(3, 0.2), rows, directions(1), most=3)
    assert found.chosen.tolist()[0] == 2 and found.chosen.tolist()[-1] == 0


def test_every_photo_once_in_blocks_and_the_beginning_does_not_depend_on_the_number():
    draw = np.random.default_rng(0)
    rows, margins = unit_rows(draw.normal(size=(700, 8))), draw.uniform(size=700)
    whole = label_steps(margins, rows, rows[:5], most=1000).chosen
    assert sorted(whole.tolist()) == list(range(700))
    first = label_steps(margins, rows, rows[:5], most=BLOCK).chosen
    assert whole[:BLOCK].tolist() == first.tolist()
    assert len(first) == BLOCK and set(first) <= set(np.argsort(margins)[: PER_PLACE * BLOCK])


def test_photos_without_features_come_last_and_nothing_needs_a_labelled_photo():
    rows = np.concatenate([np.zeros((2, 2), np.float32), directions(0, 50)])
    found = label_steps(np.zeros(4), rows, np.zeros((0, 2), np.float32), most=4)
    assert set(found.chosen[:2]) == {2, 3} and found.nearest.tolist() == [-1] * 4
    assert label_steps(np.zeros(0), rows[:0], rows, most=4).chosen.tolist() == []


def test_the_nearest_labelled_photo():
    nearest, similarity = nearest_labelled(directions(0, 90), directions(80, 10))
    assert nearest.tolist() == [1, 0] and np.allclose(similarity, np.cos(np.deg2rad(10)))
