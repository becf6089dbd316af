"""The report: one file that needs nothing but a browser, with the figures of the comparison and nobody's markup."""

import base64
import json
import re
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import numpy as np
import pytest

from core.comparison import SeveralDatasets, load_results
from core.errors import InvalidInput, NotFound
from core.files.home import dataset_folder, run_folder
from core.reporting import TABLES, report_html
from core.reporting.markup import Column, Html, html, table, tag
from core.reporting.page import policy, scripts
from core.runs.values import Status
from core.text.units import percent
from tests.factories import fill
from tests.pattern_home import fill_patterns

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \"quoted\" & 'more' \u202eevil"
VOID = {"meta", "link", "img", "br", "input", "hr"}


class Reader(HTMLParser):
    """Every element with its attributes, the text of each, and whether all of them are closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.stack, self.texts = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.stack and self.stack[-1] not in ("script", "style"):
            self.texts.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


@pytest.fixture
def runs(bench):
    return fill_patterns(bench)


@pytest.fixture
def finished(filled):
    return filled.with_status(Status.FINISHED)


def read(bench, runs) -> Reader:
    return Reader(bench.report([run.id for run in runs]))


def test_it_asks_for_nothing_from_outside(bench, runs):
    text = bench.report([run.id for run in runs.values()])
    reader = Reader(text)
    for name, attributes in reader.elements:
        for key in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
            assert attributes.get(key, "#").startswith(("data:", "#")), f"<{name} {key}={attributes[key][:80]}>"
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
    assert all(url.startswith("data:") for url in re.findall(r"url\(([^)]*)\)", style))
    assert "@import" not in style


def test_its_policy_forbids_everything_from_outside_and_allows_its_own_two_scripts_only(bench, finished):
    text = bench.report([finished[0].id])
    (given,) = [one["content"] for one in Reader(text).of("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert given.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in given and "unsafe-eval" not in given and "script-src 'unsafe-inline'" not in given
    inline = re.findall(r"<script>(.*?)</script>", text, re.S)
    digests = [base64.b64encode(sha256(one.encode()).digest()).decode() for one in inline]
    assert len(inline) == 2
    assert all(f"'sha256-{digest}'" in given for digest in digests)
    assert text.count("plotly.js v") == 1, "Plotly is in it once"


def test_what_users_typed_is_text_wherever_it_stands(bench, settings, registry):
    names = (f"a{HOSTILE}", f"b{HOSTILE}", "c")
    filled = fill(registry, settings, runs=8, class_names=names, name=HOSTILE)
    for run in filled.with_status(Status.FINISHED):
        registry.annotate(run.id, name=f"{HOSTILE} {run.id}", notes=f"first\n{HOSTILE}", tags=["<b>tag</b>"])
    reader = read(bench, filled.with_status(Status.FINISHED))
    assert {name for name, _ in reader.elements} & {"b", "u", "iframe", "object", "form", "base"} <= {"b"}
    assert all(one.get("type") == "application/json" for one in reader.of("script")[:-2])
    assert not any(key.startswith("on") for _, attributes in reader.elements for key in attributes)
    assert all(picture["src"].startswith("data:image/") for picture in reader.of("img"))
    assert "<script>alert(1)</script>" in reader.text
    assert "\u202e" not in reader.text


def test_charts_are_json_that_no_name_can_leave(bench, settings, registry):
    filled = fill(registry, settings, runs=8, class_names=("</script><script>alert(1)</script>", "b"))
    text = bench.report([run.id for run in filled.with_status(Status.FINISHED)])
    data = re.findall(r'<script type="application/json" id="data-([^"]+)">(.*?)</script>', text, re.S)
    assert {"cost-alone_wall_seconds", "confusion", "curves-val_accuracy"} <= {key for key, _ in data}
    assert all(set(json.loads(figure)) >= {"data", "layout"} for _, figure in data)


def test_every_chart_has_its_data_and_a_sentence(bench, runs):
    reader = read(bench, runs.values())
    charts = [one for one in reader.of("div") if "data-figure" in one]
    known = {one["id"] for one in reader.of("script") if "id" in one}
    assert len(charts) >= 8
    assert {one["data-figure"] for one in charts} == known
    assert all(one["aria-label"] for one in charts)


def test_its_figures_are_those_of_the_comparison(bench, finished):
    found = bench.comparison([run.id for run in finished])
    text = read(bench, finished).text
    for row in found.rows:
        assert percent(row.accuracy, row.interval) in text
        assert percent(row.balanced_accuracy) in text
        assert f"{row.log_loss:.3f}" in text
    for pair in found.against_best:
        assert f" {pair.both_right} {pair.only_a} {pair.only_b} {pair.both_wrong} " in text


def test_the_best_is_named_first_and_ties_are_marked(bench, finished):
    found, reader = bench.comparison([run.id for run in finished]), read(bench, finished)
    badges = [name for name, attributes in reader.elements if attributes.get("class") == "badge"]
    ties = sum(bool(row.tie_with_best) for row in found.rows)
    pairs = sum(pair.tie for pair in found.pairs)
    assert len(badges) == ties + pairs
    assert found.rows[0].tie_with_best


def test_notes_and_tags_stand_in_it_as_they_were_written(bench, finished):
    bench.annotate(finished[0].id, notes="Tried *twice*.\n\nSecond line", tags=["keep"])
    reader = read(bench, finished)
    assert "Tried *twice*." in reader.text and "Second line" in reader.text
    assert any(attributes.get("class") == "tag" for _, attributes in reader.elements)


def test_the_photos_that_say_most_are_small_pictures_in_the_file(bench, finished):
    pictures = read(bench, finished).of("img")
    assert pictures
    assert all(one["src"].startswith("data:image/jpeg;base64,") and len(one["src"]) < 20_000 for one in pictures)
    assert all(one["alt"].startswith("A photo of ") for one in pictures)


def test_photos_that_are_gone_leave_no_holes(bench, finished):
    for path in (dataset_folder(bench.settings, finished[0].dataset_id).path / "photos").iterdir():
        path.unlink()
    assert read(bench, finished).of("img") == []


def test_what_differs_is_in_the_words_of_the_pages_and_members_have_names(bench, runs):
    confidence = runs["confidence"]
    bench.annotate(confidence.recipe.members[0], name="the cheap one")
    text = read(bench, [confidence, runs["top 2"]]).text
    assert "the cheap one" in text and "Fine-tuning" in text and "fine_tuning" not in text
    assert not [member for member in confidence.recipe.members if member in text]


def test_a_report_of_one_run_compares_nothing(bench, finished):
    reader = read(bench, finished[:1])
    assert "there is nothing to compare it with" in reader.text
    assert "Is the difference real?" not in reader.text


def test_an_unfinished_run_is_shown_and_marked(bench, finished):
    running = bench.registry.runs(status=Status.RUNNING)[0]
    text = read(bench, [*finished, running]).text
    assert "running" in text
    assert f"Run {running.id} is RUNNING, not finished" in text


def test_a_run_whose_answers_are_gone_is_shown_without_them(bench, finished):
    (run_folder(bench.settings, finished[0].id).path / "test.npz").unlink()
    text = read(bench, finished).text
    assert f"Run {finished[0].id} has no answers for the test photos" in text


def test_only_unfinished_runs_make_a_report_too(bench, finished):
    text = read(bench, bench.registry.runs(status=Status.RUNNING)).text
    assert "None of these runs has been measured on the test photos yet." in text


def test_a_class_without_test_photos_is_named(bench, finished):
    run = finished[0]
    evaluation = bench.registry.evaluation(run.id)
    scores = (replace(evaluation.per_class[0], photos=0, recall=None), *evaluation.per_class[1:])
    material = bench.material([run.id])
    changed = replace(material.comparison, evaluations={run.id: replace(evaluation, per_class=scores)})
    text = Reader(report_html(replace(material, comparison=changed))).text
    assert f"Not measured, because without test photos: {scores[0].class_name}." in text


def test_thresholds_and_depths_are_there_where_runs_have_them(bench, runs):
    text = read(bench, runs.values()).text
    assert "When does a cascade pass on?" in text and "How deep?" in text
    text = read(bench, [runs["features"], runs["as it is"]]).text
    assert "When does a cascade pass on?" not in text and "How deep?" not in text


def test_temperatures_are_shown_before_and_after(bench, finished):
    assert "temperature, fitted on validation photos" not in read(bench, finished).text
    found = bench.calibrate(finished[0].id)
    text = read(bench, finished).text
    assert (
        f"{found.temperature:.2f} {percent(found.validation_ece_before)} {percent(found.validation_ece_after)}" in text
    )


def test_the_map_of_the_best_run_is_in_it_when_it_is_at_hand(bench, runs):
    text = read(bench, [runs["ensemble"], runs["features"]]).text
    assert "Which photos look alike?" in text and "probabilities of the run" in text


def test_it_says_when_and_how_it_was_made(bench, finished):
    text = read(bench, finished).text
    assert "How these numbers were made" in text and "McNemar" in text and "Holm" in text
    assert re.search(r"Made with Graft \d+\.\d+\.\d+ on \d{4}-\d\d-\d\d \d\d:\d\d UTC", text)
    assert (
        f"python -m core compare {' '.join(row.run_id for row in bench.comparison([r.id for r in finished]).rows)}"
        in text
    )


def test_a_run_that_is_deleted_while_the_report_is_made_is_named(bench, finished, monkeypatch):
    compared = bench.comparison

    def deleted_meanwhile(ids):
        found = compared(ids)
        bench.delete_runs([finished[1].id])
        return found

    monkeypatch.setattr(bench, "comparison", deleted_meanwhile)
    with pytest.raises(NotFound, match=f"There is no run '{finished[1].id}'"):
        bench.report([run.id for run in finished])


def test_runs_of_several_datasets_are_refused_with_an_offer(bench, finished):
    other = fill(bench.registry, bench.settings).with_status(Status.FINISHED)[0]
    with pytest.raises(SeveralDatasets, match="cannot be compared"):
        bench.report([finished[0].id, other.id])


def test_an_unknown_run_is_said_so(bench, finished):
    with pytest.raises(NotFound):
        bench.report(["r-nobody"])


def test_the_scripts_cannot_end_their_element_early():
    assert all("</script" not in script for script in scripts())
    assert len(re.findall("sha256-", policy())) == 2


# --- markup ---


def test_text_is_escaped_and_html_is_not_escaped_twice():
    assert html("<a & b>") == "&lt;a &amp; b&gt;"
    assert html(Html("<b>")) == "<b>"
    assert tag("p", "<i>", tag("b", "x"), title='"') == '<p title="&quot;">&lt;i&gt;<b>x</b></p>'
    assert tag("p", class_=None) == "<p></p>"


def test_a_table_has_headings_for_rows_and_columns():
    made = table([Column("name", number=False), Column("n", "help")], [["<x>", 3]], caption="Counts")
    assert '<th scope="row">&lt;x&gt;</th><td class="number">3</td>' in made
    assert 'title="help"' in made and "<caption>Counts</caption>" in made


# --- tables ---


def test_every_table_has_rows_for_every_run(bench, finished):
    ids = [run.id for run in finished]
    found = bench.comparison(ids)
    rows = {name: bench.table(name, ids) for name in TABLES}
    assert [row["run"] for row in rows["leaderboard"]] == [row.run_id for row in found.rows]
    assert rows["leaderboard"][0]["accuracy"] == found.rows[0].accuracy
    assert len(rows["answers"]) == sum(len(one.digests) for one in found.results.values())
    assert len(rows["epochs"]) == sum(len(bench.registry.epochs(run_id)) for run_id in ids)
    assert {row["cost"] for row in rows["costs"]} >= {"alone_wall_seconds", "ms_per_photo"}
    on_front = {(row["cost"], row["run"]) for row in rows["costs"] if row["pareto_front"]}
    assert on_front == {(cost, run_id) for cost, front in found.pareto.items() for run_id in front}


def test_the_answers_are_those_that_were_stored(bench, finished):
    results = load_results(bench.settings, finished[0].id)
    rows = bench.table("answers", [finished[0].id])
    names = bench.registry.dataset(finished[0].dataset_id).class_names
    assert [row["photo"] for row in rows] == list(results.digests)
    assert np.allclose([[row[f"p_{name}"] for name in names] for row in rows], results.probabilities)
    assert [row["right"] for row in rows] == results.right.tolist()
    assert all(row["file"] for row in rows)
    assert [row["true"] for row in rows] == [names[label] for label in results.labels]
    assert [row["answer"] for row in rows] == [names[given] for given in results.probabilities.argmax(axis=1)]


def test_an_unknown_table_is_refused_with_the_choices(bench, finished):
    with pytest.raises(
        InvalidInput, match="There is no table 'money'. Choose from: leaderboard, costs, epochs, answers"
    ):
        bench.table("money", [finished[0].id])
