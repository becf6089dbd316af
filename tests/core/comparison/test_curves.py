"""Metrics per epoch of several runs: over epochs, over time, with what came before the first epoch."""

import pytest

from core.comparison.curves import curves
from core.errors import InvalidInput
from core.runs.values import Epoch
from tests.comparison_values import a_cost, a_run

STAGES = {"Loading": 3.0, "Computing features": 20.0, "Training": 8.0, "Saving": 1.0, "Measuring": 2.0}


def an_epoch(number, val_accuracy=0.5, seconds=2.0):
    return Epoch(
        number=number, attempt=1, loss=1.0, accuracy=0.9, val_loss=1.5, val_accuracy=val_accuracy, seconds=seconds
    )


def test_a_curve_is_one_metric_of_one_run_in_order_of_its_epochs():
    epochs = {"r-1": [an_epoch(2, 0.7), an_epoch(1, 0.6)], "r-2": []}
    (curve,) = curves([a_run("r-1", epochs=2), a_run("r-2", None)], epochs)
    assert (curve.run_id, curve.epochs, curve.values, curve.best_epoch) == ("r-1", (1, 2), (0.6, 0.7), 2)


def test_the_training_photos_have_their_figure_beside_it():
    epochs = {"r-1": [an_epoch(1), an_epoch(2)]}
    accuracy, loss = (curves([a_run()], epochs, metric)[0] for metric in ("val_accuracy", "val_loss"))
    assert accuracy.training == (0.9, 0.9) and loss.training == (1.0, 1.0)
    assert curves([a_run()], epochs, "seconds")[0].training == ()


def test_time_adds_up_over_the_epochs():
    epochs = {"r-1": [an_epoch(1, seconds=5.0), an_epoch(2, seconds=1.0), an_epoch(3, seconds=1.5)]}
    assert curves([a_run()], epochs)[0].seconds == (5.0, 6.0, 7.5)


def test_what_was_paid_before_the_first_epoch_is_known_when_a_run_has_ended():
    runs, epochs = [a_run("r-1"), a_run("r-2", None)], {"r-1": [an_epoch(1)], "r-2": [an_epoch(1)]}
    ended, running = curves(runs, epochs, costs={"r-1": a_cost(stages=STAGES)})
    assert ended.before == 23.0 and running.before is None


def test_a_run_whose_phases_were_not_told_has_no_time_before():
    (curve,) = curves([a_run()], {"r-1": [an_epoch(1)]}, costs={"r-1": a_cost(stages={"Combining": 2.0})})
    assert curve.before is None


def test_an_unknown_metric_lists_those_there_are():
    with pytest.raises(InvalidInput, match="There is no metric 'auc'. Choose from: val_accuracy, val_loss"):
        curves([a_run()], {}, "auc")
