"""Look before you train."""

from dataclasses import replace

import pytest

from core.planning.decide import Decision, EarlierRun, decide
from core.recipes.hyperparameters import Hyperparameters, Schedule
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.runs.values import Cancel, Run, Status


def recipe_of(epochs=10, pattern=Pattern.INTEGRATED_EXTRACTOR, **numbers):
    return Recipe(backbone="b", pattern=pattern, hyperparameters=Hyperparameters(epochs=epochs, **numbers))


def falling(epochs=10):
    """A recipe whose learning rate falls over all its epochs."""
    return recipe_of(epochs, Pattern.FINE_TUNING, depth=1, schedule=Schedule.COSINE)


ENSEMBLE = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-1", "r-2"))


def candidate(status, *, epochs=10, done=None, model=True, checkpoint=True, id="r-1", recipe=None, **changes):
    recipe = recipe_of(epochs) if recipe is None else recipe
    values = {
        "id": id,
        "dataset_id": "d",
        "recipe": recipe,
        "fingerprint": "f",
        "name": "n",
        "status": status,
        "epochs_done": recipe.hyperparameters.epochs if done is None else done,
        "best_epoch": 7,
        "attempt": 1,
    }
    return EarlierRun(run=Run(**values | changes), has_model=model, has_checkpoint=checkpoint)


def decided(wanted, candidates):
    wanted = recipe_of(wanted) if isinstance(wanted, int) else wanted
    verdict = decide(wanted, candidates)
    return verdict.decision, verdict.because, verdict.run_id, verdict.first_epoch


def test_nothing_like_it_means_a_new_run():
    assert decided(10, [])[::3] == (Decision.NEW, 1)


def test_a_finished_run_is_reused():
    decision, because, run_id, first_epoch = decided(10, [candidate(Status.FINISHED)])
    assert (decision, run_id, first_epoch) == (Decision.REUSED, "r-1", None)
    assert "best epoch was 7" in because


def test_a_finished_run_with_more_epochs_is_reused_and_says_so():
    decision, because, *_ = decided(10, [candidate(Status.FINISHED, epochs=30)])
    assert decision is Decision.REUSED and "30 epochs (you ask for 10)" in because


def test_a_finished_run_with_fewer_epochs_is_extended_at_the_next_epoch():
    decision, _, run_id, first_epoch = decided(101, [candidate(Status.FINISHED, epochs=100)])
    assert (decision, run_id, first_epoch) == (Decision.EXTENDED, "r-1", 101)


def test_the_longest_of_several_is_extended():
    short, long = candidate(Status.FINISHED, epochs=5), candidate(Status.FINISHED, epochs=8, id="r-2")
    assert decided(10, [short, long])[2:] == ("r-2", 9)


def test_an_interrupted_run_resumes_at_its_next_epoch():
    decision, because, _, first_epoch = decided(10, [candidate(Status.KILLED, done=4)])
    assert (decision, first_epoch) == (Decision.RESUMED, 5)
    assert "after epoch 4 of 10" in because


def test_a_run_cancelled_before_it_began_is_not_resumed():
    never = candidate(Status.KILLED, done=0, checkpoint=False, attempt=0)
    assert decided(10, [never])[::3] == (Decision.NEW, 1)
    assert decided(10, [never, candidate(Status.KILLED, done=4, id="r-2")])[2] == "r-2"


def test_why_a_run_failed_is_said_before_it_goes_on():
    _, because, *_ = decided(10, [candidate(Status.FAILED, done=4, reason="The disk is full.")])
    assert "failed after epoch 4 of 10 (The disk is full)" in because


def test_an_interrupted_run_without_a_checkpoint_starts_again():
    assert decided(10, [candidate(Status.FAILED, done=0, checkpoint=False)])[::3] == (Decision.RESUMED, 1)


def test_an_interrupted_shorter_run_is_extended_from_where_it_stopped():
    assert decided(20, [candidate(Status.KILLED, done=4)])[::3] == (Decision.EXTENDED, 5)


def test_the_same_run_is_not_queued_twice():
    for status in (Status.SCHEDULED, Status.RUNNING):
        assert decided(10, [candidate(status, done=0, model=False)])[0] is Decision.REUSED


def test_a_finished_run_comes_before_an_interrupted_one():
    runs = [candidate(Status.FAILED, done=3), candidate(Status.FINISHED, id="r-2")]
    assert decided(10, runs)[2] == "r-2"


def test_a_run_whose_model_was_deleted_is_trained_again():
    gone = replace(candidate(Status.FINISHED), has_model=False, has_checkpoint=False)
    decision, because, *_ = decided(10, [gone])
    assert decision is Decision.NEW and "deleted" in because


# --- a learning rate that falls over all epochs ---


def test_a_falling_rate_is_reused_at_its_own_length():
    assert decided(falling(10), [candidate(Status.FINISHED, recipe=falling(10))])[0] is Decision.REUSED


@pytest.mark.parametrize("trained", [6, 20])
def test_a_falling_rate_over_another_length_is_another_path_and_says_so(trained):
    decision, because, run_id, first = decided(falling(10), [candidate(Status.FINISHED, recipe=falling(trained))])
    assert (decision, run_id, first) == (Decision.NEW, None, 1)
    assert f"{trained} epochs" in because and "learning rate falls" in because


def test_a_falling_rate_that_was_interrupted_still_resumes():
    assert decided(falling(10), [candidate(Status.KILLED, recipe=falling(10), done=6)])[::3] == (Decision.RESUMED, 7)


def test_a_longer_waiting_run_is_no_answer_to_a_falling_rate():
    assert decided(falling(10), [candidate(Status.SCHEDULED, recipe=falling(20), done=0)])[0] is Decision.NEW


# --- runs that ended before their last epoch ---


def test_a_run_that_stopped_early_is_reused_however_many_epochs_are_asked_for():
    early = candidate(Status.FINISHED, recipe=recipe_of(30, patience=3), done=12)
    for asked in (10, 12, 30, 100):
        decision, because, *_ = decided(recipe_of(asked, patience=3), [early])
        assert decision is Decision.REUSED and "stopped early after 12 epochs" in because
    assert "100 epochs would change nothing" in because


def test_a_run_the_user_ended_is_extended_to_what_is_asked_for():
    ended = candidate(Status.FINISHED, epochs=30, done=12, cancel=Cancel.AFTER_EPOCH)
    assert decided(30, [ended])[::3] == (Decision.EXTENDED, 13)
    assert decided(12, [ended])[0] is Decision.REUSED


def test_a_falling_rate_the_user_ended_goes_on_only_to_its_own_length():
    ended = candidate(Status.FINISHED, recipe=falling(30), done=12, cancel=Cancel.AFTER_EPOCH)
    assert decided(falling(30), [ended])[::3] == (Decision.EXTENDED, 13)
    assert decided(falling(12), [ended])[0] is Decision.NEW


def test_stop_after_the_very_last_epoch_is_no_early_end():
    ended = candidate(Status.FINISHED, epochs=10, done=10, cancel=Cancel.AFTER_EPOCH)
    assert decided(10, [ended])[0] is Decision.REUSED


# --- what trains no epochs ---

UNTRAINED = [recipe_of(10, Pattern.CLASSIFIER), recipe_of(10, Pattern.STANDALONE_EXTRACTOR), ENSEMBLE]


@pytest.mark.parametrize("recipe", UNTRAINED, ids=lambda recipe: str(recipe.cascade or recipe.pattern))
def test_what_trains_no_epochs_is_new_reused_or_started_again_but_never_extended(recipe):
    longer = replace(recipe, hyperparameters=replace(recipe.hyperparameters, epochs=40))
    assert decided(recipe, [])[::3] == (Decision.NEW, None)
    assert decided(longer, [candidate(Status.FINISHED, recipe=recipe, done=0)])[::3] == (Decision.REUSED, None)
    killed = candidate(Status.KILLED, recipe=recipe, done=0, checkpoint=False)
    assert decided(longer, [killed])[::3] == (Decision.RESUMED, None)
    assert decided(longer, [candidate(Status.RUNNING, recipe=recipe, done=0)])[0] is Decision.REUSED


def test_a_reproduction_does_not_hide_the_run_it_reproduces():
    runs = [candidate(Status.FINISHED, id="r-2", reproduces="r-1"), candidate(Status.FINISHED, id="r-1")]
    assert decided(10, runs)[2] == "r-1"


def test_somebody_elses_interrupted_run_is_not_resumed():
    theirs = replace(candidate(Status.FAILED, done=0, checkpoint=False, owner="tom"), may_resume=False)
    decision, because, run_id, first_epoch = decided(10, [theirs])
    assert (decision, run_id, first_epoch) == (
        Decision.NEW,
        None,
        1,
    ) and "r-1, which was interrupted, belongs to tom" in because
    own = candidate(Status.KILLED, done=0, checkpoint=False, id="r-2", owner="tina")
    assert decided(10, [theirs, own])[::2] == (Decision.RESUMED, "r-2")


def test_the_checkpoint_of_somebody_elses_interrupted_run_begins_a_run_of_ones_own():
    theirs = replace(candidate(Status.KILLED, done=4, owner="tom"), may_resume=False)
    assert decided(10, [theirs])[::2] == (Decision.EXTENDED, "r-1")
    assert decided(10, [theirs])[3] == 5
