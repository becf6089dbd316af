"""Overview: where do I stand?"""

import re
import time

from core.comparison.summary import recommendation
from core.datasets import ImportProgress
from core.datasets.values import Rejection
from core.jobs.background_imports import ImportJob, KnownUpload
from tests.factories import fill
from tests.pages.conftest import first_line, link_labels, text_of, visit


def test_an_empty_home_says_what_graft_does_and_offers_one_button(bench):
    at = visit()
    assert not at.exception
    assert "Which pretrained backbone is best for your photos" in first_line(at)
    assert [button.label for button in at.button] == ["Try it with the demo photos"]
    assert "Import your own photos" in link_labels(at)


def test_the_demo_button_starts_the_import_in_the_background(bench, monkeypatch):
    started = []
    monkeypatch.setattr(
        "core.jobs.background_imports.start_import", lambda source, **options: started.append(source) or "j1"
    )
    visit().button(key="welcome.demo").click().run()
    assert started == ["demo"]


def test_a_running_import_shows_what_is_done_and_can_be_cancelled(bench, monkeypatch):
    job = ImportJob(
        id="j1", title="demo *photos*", state="running", progress=ImportProgress(stage="Reading", done=12, total=50)
    )
    cancelled = []
    monkeypatch.setattr("core.jobs.background_imports.import_jobs", lambda settings: [job])
    monkeypatch.setattr("core.jobs.background_imports.cancel_import", lambda settings, job_id: cancelled.append(job_id))
    at = visit()
    bar = at.get("progress")[0].proto
    assert bar.value == 24 and "12 of 50" in bar.text and r"demo \*photos\*" in bar.text
    at.button(key="import.cancel.j1").click().run()
    assert cancelled == ["j1"]


def test_a_failed_import_says_why_and_can_be_dismissed(bench, monkeypatch):
    job = ImportJob(id="j1", title="mine", state="failed", message="The file is not a ZIP archive.")
    dismissed = []
    monkeypatch.setattr("core.jobs.background_imports.import_jobs", lambda settings: [job])
    monkeypatch.setattr(
        "core.jobs.background_imports.dismiss_import", lambda settings, job_id: dismissed.append(job_id)
    )
    at = visit()
    assert "not a ZIP archive" in at.error[0].value
    at.button(key="import.dismiss.j1").click().run()
    assert dismissed == ["j1"]


def test_imported_photos_offer_training_next(bench, filled, monkeypatch):
    job = ImportJob(id="j1", title="flowers", state="done", dataset_id=filled.dataset.id, started_at=time.time())
    monkeypatch.setattr("core.jobs.background_imports.import_jobs", lambda settings: [job])
    at = visit()
    assert "**flowers** is imported: 80 photos in 4 classes" in text_of(at)
    at.button(key="import.train.j1").click().run()
    assert at.title[0].value == "Train"


def test_known_photos_are_told_with_what_was_read_of_this_upload(filled, monkeypatch):
    known = KnownUpload(
        notes=("File names were read as Shift-JIS (Japanese).",),
        skipped=3,
        rejections=(Rejection(file="notes.txt", reason="is a text file, not a photo"),),
    )
    job = ImportJob(
        id="j1",
        title="again",
        state="done",
        dataset_id=filled.dataset.id,
        started_at=time.time(),
        message="Exactly these photos are here already.",
        known=known,
    )
    monkeypatch.setattr("core.jobs.background_imports.import_jobs", lambda settings: [job])
    at = visit()
    text = text_of(at).replace("\\", "")
    assert "**again**: Exactly these photos are here already." in text and "is imported" not in text
    assert "File names were read as Shift-JIS" in text
    assert "3 files of this upload skipped" in [box.label for box in at.expander]
    assert "and 2 more files." in text


def test_an_import_is_no_longer_news_once_something_was_launched_on_its_photos(filled, monkeypatch):
    job = ImportJob(id="j1", title="flowers", state="done", dataset_id=filled.dataset.id, started_at=1.0)
    monkeypatch.setattr("core.jobs.background_imports.import_jobs", lambda settings: [job])
    assert "is imported" not in text_of(visit())


def test_the_first_line_says_which_model_to_use_and_what_goes_on(bench, filled):
    line = first_line(visit()).replace("\\", "")
    names = {run.id: run.name for run in filled.runs}
    assert line.startswith(f"flowers: {recommendation(bench.verdict(filled.dataset.id), names)} ")
    assert line.endswith("1 run training now, 1 run waiting.")


def test_the_card_names_the_runs_that_are_not_distinguishable(bench, filled):
    found = bench.verdict(filled.dataset.id)
    assert len(found.ties) == 1 and not found.worse
    text = text_of(visit()).replace("\\", "")
    other = bench.registry.run(found.ties[0].run_id).name
    assert f"Not distinguishable from the most accurate: {other}." in text and "Recommended]" in text


def test_a_running_run_shows_its_stage_and_what_is_left(filled):
    at = visit()
    assert re.search(r"^Training: .* about \d+\s(s|min) left$", at.get("progress")[0].proto.text.replace("\\", ""))
    assert {"Open", "Compare", "Train"} <= set(link_labels(at))
    assert [button.label for button in at.button if button.proto.type == "primary"] == ["Predict"]


def test_a_running_run_can_be_stopped_after_its_epoch(bench, filled):
    running = filled.with_status("RUNNING")[0]
    visit().menu_button(key=f"stop.{running.id}").click("Finish after this epoch").run()
    assert bench.registry.run(running.id).cancel == "after_epoch"


def test_each_dataset_has_its_best_model_with_its_cost(filled):
    labels = {metric.label: metric.value for metric in visit().metric}
    assert labels["Test accuracy"].startswith("83 %") and labels["Training time"] == "34 s"
    assert labels["Time per photo"] == "8.4 ms"


def test_names_of_users_are_shown_letter_by_letter(bench):
    from tests.factories import fill

    fill(bench.registry, bench.settings, name="<b>x</b> :smile: [a](b)", runs=2)
    assert r"\<b\>x\<\/b\>" in first_line(visit()) and ":smile:" not in first_line(visit())


def test_many_runs_cost_no_query_each(bench, monkeypatch):
    from tests.factories import fill

    fill(bench.registry, runs=40)
    calls = []
    for name in ("run", "evaluation", "cost", "epochs"):
        original = getattr(type(bench.registry), name)

        def counted(self, *args, original=original, name=name):
            calls.append(name)
            return original(self, *args)

        monkeypatch.setattr(type(bench.registry), name, counted)
    at = visit()
    assert not at.exception and calls == []


def test_the_champion_is_shown_with_how_it_compares(bench):
    filled = fill(bench.registry, bench.settings, runs=9)
    found = bench.verdict(filled.dataset.id)
    assert "Champion" not in text_of(visit())
    tie = found.ties[-1].run_id
    assert tie != found.recommended.run_id
    bench.set_alias(tie)
    at = visit()
    assert "Champion]" in text_of(at) and "Recommended]" not in text_of(at)
    assert "The champion: not distinguishable from the most accurate." in text_of(at)
    bench.archive([tie])
    assert "The champion is archived, so it is not compared." in text_of(visit())
    bench.delete_weights([tie])
    at = visit()
    assert not at.exception and "Predict" not in [button.label for button in at.button]


def test_the_recommended_run_as_champion_needs_no_more_words(bench, filled):
    bench.set_alias(bench.verdict(filled.dataset.id).recommended.run_id)
    text = text_of(visit())
    assert "Champion]" in text and "Recommended]" in text and "The champion" not in text


def test_an_archived_run_is_not_recommended(bench, filled):
    use = bench.verdict(filled.dataset.id).recommended.run_id
    bench.archive([use])
    other = bench.verdict(filled.dataset.id)
    assert other.recommended.run_id != use and other.runs == 1
    names = {run.id: run.name for run in filled.runs}
    assert first_line(visit()).replace("\\", "").startswith(f"flowers: {recommendation(other, names)}")
