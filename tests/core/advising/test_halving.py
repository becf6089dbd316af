"""Successive halving."""

from core.advising.halving import halve, rounds_of


def test_the_worse_half_is_left_out_of_every_round():
    asked = []

    def score(arm, number):
        asked.append((number, arm))
        return float(arm)

    rounds = halve(range(8), score, keep=2)
    assert rounds == [[7, 6, 5, 4, 3, 2, 1, 0], [7, 6, 5, 4], [7, 6]]
    assert [sum(number == one for number, _ in asked) for one in range(3)] == [8, 4, 2]


def test_a_late_score_decides():
    rounds = halve("ab", lambda arm, number: {"a": 1, "b": 0}[arm] * (-1) ** number, keep=1)
    assert rounds == [["a", "b"], ["a"]]


def test_what_stays_always_is_in_every_round():
    rounds = halve(range(8), lambda arm, _: float(arm), keep=2, always=(0,))
    assert all(0 in one for one in rounds) and rounds[-1] == [7, 6, 0]


def test_few_arms_have_one_round_and_none_have_none():
    assert halve("ab", lambda *_: 1.0, keep=3) == [["a", "b"]]
    assert halve("", lambda *_: 1.0, keep=3) == []
    assert [rounds_of(arms, 3) for arms in (0, 1, 3, 4, 6, 7, 10, 24)] == [0, 1, 1, 2, 2, 3, 3, 4]
