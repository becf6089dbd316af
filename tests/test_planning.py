"""Look before you train."""

from dataclasses import replace

from core.planning import Candidate, Decision, decide
from core.recipes import Hyperparameters, Recipe
from core.runs import Run, Status


def candidate(status, *, epochs=10, done=None, model=True, checkpoint=True, id="r-1"):
    done = epochs if done is None else done
    recipe = Recipe(backbone="b", hyperparameters=Hyperparameters(epochs=epochs))
    run = Run(
        id=id, dataset_id="d", recipe=recipe, fingerprint="f", name="n", status=status, epochs_done=done, best_epoch=7
    )
    return Candidate(run=run, has_model=model, has_checkpoint=checkpoint)


def test_nothing_like_it_means_a_new_run():
    assert decide(10, [])[0] is Decision.NEW


def test_a_finished_run_is_reused():
    decision, because, run_id, first_epoch = decide(10, [candidate(Status.FINISHED)])
    assert (decision, run_id, first_epoch) == (Decision.REUSED, "r-1", None)
    assert "best epoch was 7" in because


def test_a_finished_run_with_more_epochs_is_reused_and_says_so():
    decision, because, *_ = decide(10, [candidate(Status.FINISHED, epochs=30)])
    assert decision is Decision.REUSED and "30 epochs (you ask for 10)" in because


def test_a_finished_run_with_fewer_epochs_is_extended_at_the_next_epoch():
    decision, _, run_id, first_epoch = decide(101, [candidate(Status.FINISHED, epochs=100)])
    assert (decision, run_id, first_epoch) == (Decision.EXTENDED, "r-1", 101)


def test_the_longest_of_several_is_extended():
    short, long = candidate(Status.FINISHED, epochs=5), candidate(Status.FINISHED, epochs=8, id="r-2")
    assert decide(10, [short, long])[2:] == ("r-2", 9)


def test_an_interrupted_run_resumes_at_its_next_epoch():
    decision, because, _, first_epoch = decide(10, [candidate(Status.KILLED, done=4)])
    assert (decision, first_epoch) == (Decision.RESUMED, 5)
    assert "after epoch 4 of 10" in because


def test_an_interrupted_run_without_a_checkpoint_starts_again():
    assert decide(10, [candidate(Status.FAILED, done=0, checkpoint=False)])[::3] == (Decision.RESUMED, 1)


def test_an_interrupted_shorter_run_is_extended_from_where_it_stopped():
    assert decide(20, [candidate(Status.KILLED, done=4)])[::3] == (Decision.EXTENDED, 5)


def test_the_same_run_is_not_queued_twice():
    for status in (Status.SCHEDULED, Status.RUNNING):
        assert decide(10, [candidate(status, done=0, model=False)])[0] is Decision.REUSED


def test_a_finished_run_comes_before_an_interrupted_one():
    runs = [candidate(Status.FAILED, done=3), candidate(Status.FINISHED, id="r-2")]
    assert decide(10, runs)[2] == "r-2"


def test_a_run_whose_model_was_deleted_is_trained_again():
    gone = replace(candidate(Status.FINISHED), has_model=False, has_checkpoint=False)
    decision, because, *_ = decide(10, [gone])
    assert decision is Decision.NEW and "deleted" in because
