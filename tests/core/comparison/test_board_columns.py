"""Columns of a board: made from values, put together, brought up to date. See also ``test_boards``."""

import numpy as np
import pytest

from core.comparison.board_columns import MEASURED, columns_of, gathered, hashes, updated


def some(*numbers: int, **values) -> dict[str, np.ndarray]:
    """The columns of runs with these numbers."""
    return columns_of({"run_id": [f"r-{number}" for number in numbers], "number": list(numbers)} | values)


def test_runs_are_in_descending_order_of_their_numbers():
    found = some(2, 9, 4, accuracy=[0.2, 0.9, None])
    assert found["number"].tolist() == [9, 4, 2] and found["run_id"].tolist() == ["r-9", "r-4", "r-2"]
    assert found["accuracy"][[0, 2]].tolist() == [0.9, 0.2] and np.isnan(found["accuracy"][1])


def test_what_is_not_given_is_unknown():
    found = some(1)
    assert all(np.isnan(found[key]).all() for key in MEASURED)
    assert not found["known"].any() and not found["starred"].any() and found["family"].tolist() == [0]


def test_answers_are_padded_to_words_and_known_when_there_is_a_bit_for_every_photo():
    found = some(4, 3, 2, 1, right=[b"\xff\x80", b"\x0f", None, b"\xf0"], n=[9, 8, 8, 9])
    assert found["right"].shape == (4, 8) and found["right"][0, :3].tolist() == [255, 128, 0]
    assert found["known"].tolist() == [True, True, False, False], "the last has 8 bits for 9 photos"
    assert found["photos"].tolist() == [9, 8, 8, 9]


def test_equal_texts_have_equal_hashes_and_an_empty_one_has_0():
    one, other, same, empty = hashes(["a", "b", "a", ""])
    assert one == same != other and empty == 0


@pytest.mark.parametrize("sizes", [(), (3,), (2, 1), (1, 1, 1)])
def test_parts_are_gathered_whatever_their_sizes(sizes):
    numbers = list(range(sum(sizes), 0, -1))
    starts = np.cumsum([0, *sizes])
    parts = [
        some(*numbers[start : start + size], right=[b"\xff" * (1 if place else 9)] * size, n=[8] * size)
        for place, (start, size) in enumerate(zip(starts, sizes, strict=False))
    ]
    found = gathered(iter(parts), sum(sizes))
    assert found["number"].tolist() == numbers
    assert found["right"].shape == (sum(sizes), 16 if sizes else 0), "as wide as the widest part"
    assert not sizes or found["right"][-1, :2].tolist() == ([255, 0] if len(sizes) > 1 else [255, 255])


def test_a_changed_run_is_replaced_and_the_other_columns_stay_the_same_arrays():
    old = some(3, 2, 1, accuracy=[0.3, 0.2, None], starred=[False, False, False])
    new = updated(old, some(2, accuracy=[0.2], starred=[True]))
    assert new["starred"].tolist() == [False, True, False] and old["starred"].tolist() == [False] * 3
    assert [key for key in old if new[key] is not old[key]] == ["starred"]


def test_added_runs_come_first_and_deleted_ones_are_gone():
    old = some(3, 2, 1)
    assert updated(old, some(5, 4), numbers=[5, 4, 3, 1])["number"].tolist() == [5, 4, 3, 1]
    assert updated(old, some(), numbers=[])["number"].tolist() == []
    assert updated(some(), some(1))["run_id"].tolist() == ["r-1"]


def test_a_number_that_is_used_again_is_another_run():
    old = some(2, 1)
    again = columns_of({"run_id": ["r-new"], "number": [2]})
    assert updated(old, again, numbers=[2, 1])["run_id"].tolist() == ["r-new", "r-1"]


def test_wider_answers_widen_those_of_all_runs():
    old = some(1, right=[b"\xff"], n=[8])
    new = updated(old, some(2, right=[b"\xff" * 9], n=[72]))
    assert new["right"].shape == (2, 16) and new["right"][1].tolist() == [255] + [0] * 15
