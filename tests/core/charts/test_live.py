"""Learning curves of one run while it trains."""

import math

from core.charts.live import live_chart
from tests.chart_values import an_epoch


def test_a_live_curve_shows_training_and_validation_and_the_epoch_of_the_lowest_validation_loss():
    epochs = [an_epoch(1, 0.5), an_epoch(2, 0.7, val_loss=0.1), an_epoch(3, 0.9, val_loss=math.nan)]
    training, validation, mark = live_chart(epochs).figure.data
    assert (training.name, validation.name) == ("training accuracy", "validation accuracy")
    assert list(mark.x) == [2]


def test_few_epochs_are_whole_numbers_on_the_axis():
    assert live_chart([an_epoch(1, 0.5), an_epoch(3, 0.6)]).figure.layout.xaxis.dtick == 1
    assert live_chart([an_epoch(1, 0.5), an_epoch(90, 0.6)]).figure.layout.xaxis.dtick is None


def test_its_table_has_a_row_per_epoch():
    chart = live_chart([an_epoch(1, 0.5)])
    assert chart.title == "Accuracy per epoch"
    assert chart.rows() == [{"epoch": 1, "accuracy": 0.5, "val_accuracy": 0.5}]
