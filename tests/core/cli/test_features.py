"""The text of the list of stored features."""

from core.cli.features import features_text

ROW = {"dataset": "demo:1", "title": "Lite0", "cut": "top", "split": "train", "view": 0, "rows": 9, "mb": 1.0}


def test_the_input_of_features_is_named_and_predictions_of_a_run_have_none():
    computed = ROW | {"size": 320, "fit": "crop", "pooling": "mean"}
    predicted = ROW | {"size": 0, "fit": "squash", "pooling": "own", "cut": "predictions"}
    rows = [computed, predicted]
    listed = features_text({"features": rows, "mb": 2.0, "limit_mb": 10.0}).splitlines()
    assert "320 px crop mean" in listed[-3]
    assert "px" not in listed[-2] and " - " in listed[-2]
