"""The rows of a search on the page Train."""

from core.searching.values import TrialState
from core.web.train.search_card import _row
from tests.core.searching.test_values import trial


def test_a_reused_run_is_free_and_a_pruned_one_says_why():
    reused = _row(trial(reused=True), 12)
    assert (reused["Training time"], reused["Forecast"]) == ("free", "–")
    assert reused["Result"] == "an earlier run" and reused["Validation"].startswith("80 %")
    pruned = _row(trial(accuracy=None, state=TrialState.PRUNED, seconds=7.0, reason="It fell behind."), 12)
    assert (pruned["Validation"], pruned["Training time"]) == ("–", "7.0 s")
