"""Several runs on several slots: what they share is computed once, and a process goes on with the next run."""

import pytest

from core.planning.work import MOST_RUNS, BusySlot, Shared, SharedKind, Work, makespan, process_of, timeline
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe

FEATURES, EXPORT = SharedKind.FEATURES, SharedKind.EXPORT
NETWORK, LIBRARY = SharedKind.NETWORK, SharedKind.LIBRARY


def shared(key="f", seconds=10.0, kind=FEATURES, **more):
    return Shared(key=key, kind=kind, seconds=seconds, **more)


def a_run(*parts, process="lite0", start=5.0, own=2.0):
    return Work(process=process, start=start, shared=parts, own=own, alone=start + own + sum(p.seconds for p in parts))


def ends(works, slots=1):
    return [span.end for span in timeline(works, slots)]


def test_a_run_alone_takes_all_of_its_parts():
    (span,) = timeline([a_run(shared("e", 4.0, EXPORT), shared())], 1)
    assert (span.begin, span.end, span.start, span.shared) == (0.0, 21.0, 5.0, {EXPORT: 4.0, FEATURES: 10.0})


def test_what_is_shared_and_the_start_of_the_process_count_once():
    assert ends([a_run(shared()), a_run(shared()), a_run(shared("g", 1.0))]) == [17.0, 19.0, 22.0]


def test_what_is_stored_takes_no_time():
    assert ends([a_run(shared(stored=True))]) == [7.0]


def test_another_backbone_needs_another_process_also_when_the_first_comes_again():
    works = [a_run(), a_run(process="lite1"), a_run()]
    assert ends(works) == [7.0, 14.0, 21.0]


def test_a_process_ends_after_its_last_run():
    assert ends([a_run()] * (MOST_RUNS + 1))[-1] == 5.0 + 2.0 * MOST_RUNS + 7.0


def test_slots_run_at_once_and_wait_for_what_another_computes():
    assert ends([a_run(), a_run()], 2) == [7.0, 7.0]
    assert ends([a_run(shared()), a_run(shared())], 2) == [17.0, 17.0]


def test_of_two_free_slots_the_one_whose_process_can_continue_takes_the_run():
    works = [a_run(process="a"), a_run(process="b"), a_run(process="b"), a_run(process="a")]
    assert ends(works, 2) == [7.0, 7.0, 9.0, 9.0]


def test_a_busy_slot_is_free_later_and_its_process_and_results_can_be_used_then():
    busy = [BusySlot(left=30.0, process="lite0", shared=("f",))]
    waiting = [a_run(shared()), a_run(shared("g"), process="lite1")]
    assert [span.end for span in timeline(waiting, 1, busy)] == [32.0, 49.0]
    assert [span.end for span in timeline(waiting, 2, busy)] == [32.0, 47.0], "the free slot waits for the features"
    assert [span.end for span in timeline(waiting[1:], 2, busy)] == [17.0]
    assert [span.end for span in timeline(waiting[1:], 1, [*busy, BusySlot(left=3.0, process="x")])] == [20.0]


def test_what_is_in_memory_is_computed_once_in_each_process_which_keeps_the_last_one():
    network, other = shared("n", 3.0, NETWORK), shared("m", 3.0, NETWORK)
    assert ends([a_run(network), a_run(network), a_run(other), a_run(network)]) == [10.0, 12.0, 17.0, 22.0]
    assert ends([a_run(network), a_run(), a_run(network)]) == [10.0, 12.0, 14.0], "a run between needs none"
    assert ends([a_run(network), a_run(network)], 2) == [10.0, 10.0], "each process has its own"
    again = [a_run(network), a_run(process="lite1"), a_run(network)]
    assert ends(again) == [10.0, 17.0, 27.0], "a new process has none"


def test_a_trainer_that_waits_has_in_memory_what_its_runs_left():
    needs = [a_run(shared("n", 3.0, NETWORK), shared("l", 4.0, LIBRARY))]
    for memory, seconds in (
        ({}, 9.0),
        ({NETWORK: "n"}, 6.0),
        ({NETWORK: "n", LIBRARY: "l"}, 2.0),
        ({NETWORK: "m"}, 9.0),
    ):
        (span,) = timeline(needs, 1, [BusySlot(left=0.0, process="lite0", memory=frozenset(memory.items()))])
        assert span.end == seconds
    (span,) = timeline(
        needs, 1, [BusySlot(left=0.0, process="lite1", memory=frozenset({(NETWORK, "n"), (LIBRARY, "l")}))]
    )
    assert span.end == 14.0, "another process was needed"


def test_combinations_are_computed_before_anything_is_trained():
    combination = Work(process="", start=0.0, shared=(), own=1.0, alone=1.0)
    assert ends([a_run(), combination, combination]) == [9.0, 1.0, 2.0]


def test_runs_that_share_nothing_but_slots():
    assert makespan([4.0, 3.0, 2.0], 1) == 9.0
    assert makespan([4.0, 3.0, 2.0], 2) == 5.0
    assert makespan([], 3) == 0.0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Recipe(backbone="a"), Recipe(backbone="a", pattern=Pattern.FINE_TUNING), True),
        (Recipe(backbone="a"), Recipe(backbone="b"), False),
        (
            Recipe(backbone="a"),
            Recipe(backbone="a", pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=("b",)),
            True,
        ),
    ],
)
def test_a_process_is_one_of_a_dataset_and_a_first_backbone(one, other, same):
    assert (process_of("d", one) == process_of("d", other)) is same
    assert process_of("d", one) != process_of("e", one)


def test_stored_predictions_are_combined_without_a_process():
    assert not process_of(
        "d", Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("a", "b"))
    )
