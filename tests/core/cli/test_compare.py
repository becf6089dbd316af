"""``core compare``: the same numbers as the page, and a sentence for whatever cannot be compared."""

import json
import shutil
from functools import partial

import numpy as np
import pytest

from core.__main__ import main
from core.comparison.cost_axes import COSTS
from core.comparison.resampling import TEST_METRICS
from core.files.home import run_folder
from core.output.comparisons import compared_json
from core.runs import metrics
from core.runs.values import Status
from core.workbench import Workbench
from tests.factories import fill
from tests.findings import store_findings


@pytest.fixture
def call(call, filled):
    """``core compare``."""
    return partial(call, "compare")


def test_runs_are_ranked_and_judged(call, finished):
    result = call(*finished)
    assert [row["rank"] for row in result["runs"]] == [1, 2, 3, 4]
    assert result["runs"][0]["tie_with_best"] is True
    assert len(result["pairs"]) == 6 and all(pair["verdict"] for pair in result["pairs"])
    assert {axis["axis"] for axis in result["pareto"]} <= set(COSTS)


def test_every_number_is_that_of_the_comparison_the_page_shows(call, finished, settings):
    bench = Workbench.open(settings)
    found, expected = bench.comparison(finished), compared_json(bench, finished)
    assert call(*finished) == json.loads(json.dumps(expected))
    printed = {row["run"]: row for row in call(*finished)["runs"]}
    for row in found.rows:
        said = printed[row.run.id]
        assert said["ci95"] == list(row.interval) and said["tie_with_best"] is row.tie_with_best
        assert all(said[key] == row.value(key) for key in ("accuracy", "balanced_accuracy", "log_loss", "ece"))
        assert all(said["cost"][key] == row.value(key) for key in COSTS)
    for pair, told in zip(found.pairs, call(*finished)["pairs"], strict=True):
        assert (told["only_a"], told["only_b"], told["p_value"]) == (pair.only_a, pair.only_b, pair.p_value)
        assert told["interval"] == [pair.low, pair.high]
        assert (told["family"], told["comparisons"]) == (pair.family, pair.comparisons)


def test_the_verdict_is_that_of_every_page(call, finished, settings):
    bench = Workbench.open(settings)
    found, said = bench.comparison(finished).verdict, call(*finished)["verdict"]
    assert (said["best"], said["recommended"]) == (found.best.run_id, found.recommended.run_id)
    assert said["not_distinguishable"] == [one.run_id for one in found.ties] and said["comparisons"] == 3
    assert said["sentence"].startswith("Use ") and "best run against each other" in said["family"]


def test_the_figures_are_those_of_the_stored_answers(call, finished, settings):
    for row in call(*finished)["runs"]:
        with np.load(run_folder(settings, row["run"]).path / "test.npz") as stored:
            probabilities, labels = stored["probabilities"], stored["labels"]
        confusion = metrics.confusion_matrix(labels, probabilities.argmax(axis=1), probabilities.shape[1])
        assert row["accuracy"] == (probabilities.argmax(axis=1) == labels).mean()
        assert row["balanced_accuracy"] == metrics.balanced_accuracy(confusion)
        assert row["macro_f1"] == metrics.macro_f1(confusion)
        assert row["log_loss"] == pytest.approx(metrics.cross_entropy(probabilities, labels), rel=1e-12)
        assert row["ece"] == pytest.approx(metrics.calibration_error(probabilities, labels), rel=1e-9)


def test_two_runs_are_compared_in_every_figure(call, finished, settings):
    result = call(*finished[:2])
    by_run = {row["run"]: row for row in result["runs"]}
    a, b = (by_run[result["pairs"][0][side]] for side in ("a", "b"))
    assert [one["metric"] for one in result["metrics"]] == list(TEST_METRICS)
    for one in result["metrics"]:
        assert (one["a"], one["b"]) == pytest.approx((a[one["metric"]], b[one["metric"]]))
        assert one["ci95"][0] <= one["difference"] <= one["ci95"][1] or one["metric"] == "ece"
    assert call(*finished)["metrics"] == []


def test_what_was_not_measured_is_null_and_not_left_out(call, finished):
    cost = call(*finished)["runs"][0]["cost"]
    assert set(COSTS) <= set(cost) and cost["energy_joules"] is None and cost["money"] is None


def test_only_what_differs_between_the_recipes_is_told(call, finished):
    told = {one["name"]: one["values"] for one in call(*finished)["differing"]}
    assert set(told) == {"backbone", "seed"}
    assert set(told["backbone"]) == set(finished)


def test_an_unfinished_run_is_shown_and_marked(call, filled, finished):
    failed = filled.with_status(Status.FAILED)[0].id
    result = call(failed, *finished[:2])
    assert result["runs"][-1]["run"] == failed and result["runs"][-1]["tie_with_best"] is None
    assert "not finished" in result["missing"][failed] and len(result["pairs"]) == 1


@pytest.mark.parametrize("damage", ["gone", "empty", "cut"])
def test_a_run_whose_answers_are_lost_is_marked_and_the_others_are_compared(call, finished, settings, damage):
    path = run_folder(settings, finished[0]).path / "test.npz"
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: 0 if damage == "empty" else 200])
    result = call(*finished)
    assert finished[0] in result["missing"] and len(result["pairs"]) == 3
    lost = next(row for row in result["runs"] if row["run"] == finished[0])
    assert lost["accuracy"] is not None and lost["standing"], "the verdict needs only what the registry knows"


def test_the_answers_of_a_run_whose_folder_was_deleted_are_missed(call, finished, settings):
    shutil.rmtree(run_folder(settings, finished[1]).path)
    assert list(call(*finished[:2])["missing"]) == [finished[1]]


def test_one_run_alone_is_shown(call, finished):
    result = call(finished[0])
    assert result["pairs"] == [] and result["runs"][0]["tie_with_best"] is True and result["differing"] == []


def test_a_run_given_twice_or_by_its_first_letters_counts_once(call, finished):
    assert len(call(finished[0], finished[0], finished[0][:7])["runs"]) == 1


def test_runs_of_two_datasets_are_refused_and_the_larger_group_is_offered(call, registry, settings, finished):
    other = fill(registry, settings, runs=2, name="garden").runs[0]
    said = call(*finished[:2], other.id, code=1)
    assert "flowers:1 (2 runs)" in said and "garden:1 (1 run)" in said and finished[0] in said and finished[1] in said


def test_an_unknown_run_is_named(call, finished):
    assert "r-nothing" in call(finished[0], "r-nothing", code=1)


def test_text_for_people_has_a_line_per_run_and_the_verdict(call, finished, capsys):
    assert main(["compare", *finished[:2]]) == 0
    printed = capsys.readouterr().out
    assert (
        "test accuracy" in printed
        and "not distinguishable" in printed
        and all(run_id in printed for run_id in finished[:2])
    )


def test_suspect_and_leaked_photos_are_left_out_when_asked(call, filled, finished, settings, registry, capsys):
    train, test = (registry.photos(filled.dataset.id, split=split) for split in ("train", "test"))
    store_findings(filled.dataset, settings, suspects=test[:2], copies=[(train[0], test[2])])
    result = call(*finished, "--without", "suspects,leaks")
    assert (result["subset"]["photos"], result["subset"]["of"]) == (len(test) - 3, len(test))
    assert result["leaks"]["leaked"] == 1 and result["verdict"]["photos"] == len(test) - 3
    whole = {row["run"]: row for row in call(*finished)["runs"]}
    assert all(row["rank_with_all"] == whole[row["run"]]["rank"] for row in result["runs"])
    assert main(["compare", *finished]) == 0
    text = capsys.readouterr().out
    assert "1 test photo has a near-copy in another split" in text and "--without leaks" in text
    assert main(["compare", *finished, "--without", "leaks,suspects"]) == 0
    text = capsys.readouterr().out
    assert "On 9 of 12 test photos, without 2 suspect and 1 leaked test photo." in text and "near-copy" not in text


def test_photos_are_left_out_by_known_words_of_a_checked_dataset_only(call, finished):
    assert "Received: 'odd'" in call(*finished, "--without", "odd", code=1)
    assert "have not been checked" in call(*finished, "--without", "leaks", code=1)
