"""Runs in order, what differs between their recipes, what they cost."""

from core.files.home import run_folder
from core.runs.values import Status
from core.text.units import percent
from tests.report_reader import read


def test_its_figures_are_those_of_the_comparison(bench, finished):
    found = bench.comparison([run.id for run in finished])
    text = read(bench, finished).text
    for row in found.rows:
        assert percent(row.accuracy, row.interval) in text
        assert percent(row.value("balanced_accuracy")) in text
        assert f"{row.value('log_loss'):.3f}" in text
    for pair in found.against_best:
        assert f" {pair.both_right} {pair.only_a} {pair.only_b} {pair.both_wrong} " in text


def test_the_best_is_named_first_and_ties_are_marked(bench, finished):
    found, reader = bench.comparison([run.id for run in finished]), read(bench, finished)
    badges = [name for name, attributes in reader.elements if attributes.get("class") == "badge"]
    ties = sum(bool(row.tie_with_best) for row in found.rows)
    pairs = sum(pair.tie for pair in found.pairs)
    assert len(badges) == ties + pairs
    assert found.rows[0].tie_with_best


def test_what_differs_is_in_the_words_of_the_pages_and_members_have_names(bench, runs):
    confidence = runs["confidence"]
    bench.annotate(confidence.recipe.members[0], name="the cheap one")
    text = read(bench, [confidence, runs["top 2"]]).text
    assert "the cheap one" in text and "Fine-tuning" in text and "fine_tuning" not in text
    assert not [member for member in confidence.recipe.members if member in text]


def test_an_unfinished_run_is_shown_and_marked(bench, finished):
    running = bench.registry.runs(status=Status.RUNNING)[0]
    text = read(bench, [*finished, running]).text
    assert "running" in text
    assert f"Run {running.id} is RUNNING, not finished" in text


def test_a_run_whose_answers_are_gone_is_shown_without_them(bench, finished):
    (run_folder(bench.settings, finished[0].id).path / "test.npz").unlink()
    text = read(bench, finished).text
    assert f"Run {finished[0].id} has no predictions for the test photos" in text
