"""The result in a sentence, and users' notes."""

from core.reporting.summary import answer
from core.runs.values import Status
from tests.report_reader import read


def test_a_report_of_one_run_compares_nothing(bench, finished):
    reader = read(bench, finished[:1])
    assert "there is nothing to compare it with" in reader.text
    assert "Are the differences significant?" not in reader.text


def test_only_unfinished_runs_make_a_report_too(bench, finished):
    text = read(bench, bench.registry.runs(status=Status.RUNNING)).text
    assert "None of these runs has been measured on the test photos yet." in text


def test_notes_and_tags_stand_in_it_as_they_were_written(bench, finished):
    bench.annotate(finished[0].id, notes="Tried *twice*.\n\nSecond line", tags=["keep"])
    reader = read(bench, finished)
    assert "Tried *twice*." in reader.text and "Second line" in reader.text
    assert any(attributes.get("class") == "tag" for _, attributes in reader.elements)


def test_the_first_sentence_is_the_recommendation_and_those_not_distinguishable_are_named(bench, finished):
    material = bench.material([run.id for run in finished])
    said, found = answer(material), material.comparison.verdict
    assert said.startswith(f"Use {material.names[found.recommended.run_id]}: ")
    assert f"the most accurate of {len(finished)} runs." in said
    assert all(material.names[one.run_id] in said for one in found.ties)
