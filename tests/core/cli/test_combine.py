"""``combine``."""

import pytest

from core.__main__ import main
from tests.core.advising.test_combining import different, say  # noqa: F401


def test_advice_as_data_and_as_text(call, different, capsys):  # noqa: F811
    found = call("combine", "flowers")
    assert found["is_combination"] and found["offers"][0]["kind"] == "ensemble" and found["launched"] is None
    assert found["summary"].startswith("Use the ensemble of Lite")
    assert main(["combine", "flowers"]) == 0
    text = capsys.readouterr().out
    members = " ".join(one["run"] for one in found["offers"][0]["runs"])
    assert f"Evaluate it: python -m core ensemble {members}" in text and "held-out photos" in text


def test_launched_it_is_a_run_measured_on_test_photos(call, different, registry, capsys):  # noqa: F811
    found = call("combine", "flowers", "--launch")
    run = registry.run(found["launched"]["run"])
    assert run.recipe.cascade == "ensemble" and run.test_accuracy == found["offers"][0]["evaluated"]["accuracy"]
    assert main(["combine", "flowers"]) == 0
    assert f"It is run {run.id}: " in capsys.readouterr().out


def test_a_single_run_is_not_launched_again(call, different, registry):  # noqa: F811
    found = call("combine", "flowers", "--most-ms", "9", "--launch")
    assert not found["is_combination"] and found["launched"] is None and found["offers"][0]["kind"] == "run"
    assert found["too_large"] == 2 and "within 9.0 ms is better" in found["summary"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("flowers", "--most-ms", "nan"), "--most-ms must be a positive number of milliseconds. Received"),
        (("flowers", "--most-mb", "-3"), "--most-mb must be a positive number of megabytes. Received: --most-mb=-3"),
        (("flowers", "--most-ms", "1"), "No run fits into 1.0 ms: the fastest, "),
        (("nothing",), "There is no dataset 'nothing'"),
    ],
)
def test_what_cannot_be_advised_is_one_sentence(call, filled, options, words):
    assert words in call("combine", *options, code=1)
