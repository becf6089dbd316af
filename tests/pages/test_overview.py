"""Overview: where do I stand?"""

import time

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


def test_the_first_line_names_the_best_accuracy_and_what_goes_on(filled):
    line = first_line(visit())
    assert "83 % test accuracy (10 of 12)" in line and "1 run training now" in line and "1 run waiting" in line


def test_a_running_run_shows_its_stage_and_what_is_left(filled):
    at = visit()
    assert "Training" in at.get("progress")[0].proto.text and "about 40 s left" in at.get("progress")[0].proto.text
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


def test_the_champion_is_shown_and_named_beside_the_most_accurate(bench):
    finished = fill(bench.registry, bench.settings, runs=9).with_status("FINISHED")
    worse, *_, better = sorted(finished, key=lambda run: run.test_accuracy)
    assert "The most accurate model for flowers" in first_line(visit()) and "Champion" not in text_of(visit())
    bench.set_alias(worse.id)
    at = visit()
    assert first_line(at).startswith("The champion for flowers")
    assert worse.test_accuracy < better.test_accuracy and "The most accurate is" in text_of(at)
    bench.delete_weights([worse.id])
    at = visit()
    assert not at.exception and "Predict" not in [button.label for button in at.button]


def test_an_archived_run_is_not_the_most_accurate_one(bench):
    finished = fill(bench.registry, bench.settings, runs=9).with_status("FINISHED")
    *_, second, best = sorted(finished, key=lambda run: run.test_accuracy)
    bench.archive([run.id for run in finished if run.test_accuracy == best.test_accuracy])
    assert f"{100 * best.test_accuracy:.0f} %" not in first_line(visit())
