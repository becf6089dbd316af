"""Runs that share a compiled head give what they give alone, bit for bit. As on a GPU, none is trained in NumPy."""

from dataclasses import replace

import pytest

from core.recipes.hyperparameters import BestEpoch
from tests.keras.training_bench import NUMBERS, same_run

pytestmark = pytest.mark.keras


@pytest.fixture(autouse=True)
def in_tensorflow(monkeypatch) -> None:
    from core.training import array_passes

    monkeypatch.setattr(array_passes, "LARGEST_HEAD", 0)


@pytest.fixture
def traces(monkeypatch) -> list:
    """Grows with every head that is traced."""
    from core.training import trainable

    made, trace = [], trainable.trace
    monkeypatch.setattr(trainable, "trace", lambda *given: made.append(given) or trace(*given))
    return made


def test_runs_that_differ_in_seed_rate_and_epochs_share_one_graph_and_train_as_alone(bench, traces):
    from core.training import cache

    other = replace(NUMBERS, seed=11, learning_rate=0.005, epochs=3)
    bench.train("r-first")
    bench.train("r-after", other)
    assert len(traces) == 1
    cache.forget()
    bench.train("r-alone", other)
    assert len(traces) == 2
    same_run(bench, "r-after", "r-alone")
    bench.train("r-again")
    same_run(bench, "r-again", "r-first")
    assert len(traces) == 2


CHANGES = (
    {"hidden_units": 5},
    {"dropout": 0.0},
    {"batch_size": 4},
    {"clip_norm": 0.1},
    {"label_smoothing": 0.2},
    {"class_weights": True},
    {"normalize": True},
    {"best_by": BestEpoch.CALIBRATED},
)


def test_what_is_part_of_the_graph_gets_a_graph_of_its_own(bench, traces):
    """In one home, because every graph takes a second of CPU."""
    from core.training import cache

    bench.train("r-before", replace(NUMBERS, epochs=2))
    for number, changes in enumerate(CHANGES):
        bench.train(f"r-after-{number}", replace(NUMBERS, epochs=3, **changes))
        assert len(traces) == number + 2, changes
    for number, changes in enumerate(CHANGES):
        cache.forget()
        bench.train(f"r-alone-{number}", replace(NUMBERS, epochs=3, **changes))
        same_run(bench, f"r-after-{number}", f"r-alone-{number}")


def test_a_run_that_is_resumed_in_the_graph_of_another_run_ends_as_without_a_break(bench, traces):
    bench.train("r-short", replace(NUMBERS, epochs=2))
    bench.train("r-between", replace(NUMBERS, seed=9))
    bench.train("r-longer", extends="r-short")
    bench.train("r-whole")
    assert len(traces) == 1
    same_run(bench, "r-longer", "r-whole")


def test_the_head_that_is_saved_is_not_the_one_that_the_next_run_trains(bench):
    first = bench.train("r-first")
    before = bench.model_path("r-first").read_bytes()
    from core.training import learners

    heads = []
    fit = learners.GradientLearner.learn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learners.GradientLearner, "learn", lambda self: heads.append(fit(self)) or heads[-1])
        bench.train("r-second", replace(NUMBERS, seed=9))
        weights = heads[0].head.get_weights()
        bench.train("r-third", replace(NUMBERS, seed=10))
    assert all((a == b).all() for a, b in zip(weights, heads[0].head.get_weights(), strict=True))
    assert heads[0].head is not heads[1].head
    assert bench.model_path(first.id).read_bytes() == before
