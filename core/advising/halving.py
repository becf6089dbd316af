"""Successive halving: every candidate is scored on a small sample, the better half on twice as much, and so on.

Jamieson and Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter optimization" (AISTATS, arXiv
1502.07943). Each round costs about as much as the one before, so most of the time is spent on the candidates that may
be the best.
"""

from collections.abc import Callable, Collection, Hashable, Sequence
from math import ceil, log2
from typing import TypeVar

Arm = TypeVar("Arm", bound=Hashable)


def rounds_of(arms: int, keep: int) -> int:
    """Number of rounds until at most ``keep`` of ``arms`` are left and scored once more; at least one."""
    return 1 + max(0, ceil(log2(arms / keep))) if arms else 0


def halve(
    arms: Sequence[Arm], score: Callable[[Arm, int], float], *, keep: int, always: Collection[Arm] = ()
) -> list[list[Arm]]:
    """The arms of every round, the best first.

    Args:
        score: of an arm in a round (from 0); higher is better. Equal ones keep their order.
        keep: arms that the last round has at least. always: arms that are in every round besides.
    """
    found: list[list[Arm]] = []
    left = list(arms)
    for number in range(rounds_of(len(arms), keep)):
        if number:
            best = found[-1][: max(keep, ceil(len(arms) / 2**number))]
            left = [arm for arm in left if arm in best or arm in always]
        scores = {arm: score(arm, number) for arm in left}
        found.append(sorted(left, key=lambda arm, known=scores: -known[arm]))  # type: ignore[misc]
    return found
