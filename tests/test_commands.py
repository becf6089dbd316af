"""The command line: one JSON object on stdout, one line on stderr, exit code 0 only when it was done."""

import json

import pytest

from core import jobs, prediction
from core.__main__ import main
from core.prediction import Answer, PhotoPredictions, Prediction
from core.registry import Registry
from core.runs import Cancel, Status
from tests.factories import fill


@pytest.fixture
def home(settings, registry, monkeypatch):
    """A filled home where no supervisor starts by itself."""
    monkeypatch.setenv("GRAFT_HOME", str(settings.home))
    monkeypatch.setattr(jobs, "ensure_supervisor", lambda settings: None)
    fill(registry, settings, runs=6)
    return settings


@pytest.fixture
def call(home, capsys):
    def call(*arguments, code=0):
        assert main([*arguments, "--json"]) == code
        printed = capsys.readouterr()
        assert len(printed.err.splitlines()) == (1 if code else 0), printed.err
        return json.loads(printed.out) if printed.out else printed.err

    return call


def finished(registry):
    return [run for run in registry.runs() if run.status is Status.FINISHED]


def test_import_says_what_came_in_and_a_second_time_says_it_was_there(call):
    first = call("import", "demo")
    assert len(first["classes"]) == 5
    assert sum(first["classes"].values()) == sum(first["splits"].values()) == first["accepted"] == 192
    assert set(first["splits"]) == {"train", "validation", "test"} and first["rejected"] == []
    again = call("import", "demo")
    assert again["already_there"] and again["dataset"] == first["dataset"]


def test_import_of_no_zip_is_one_sentence(call, tmp_path):
    (tmp_path / "photos.zip").write_text("no")
    assert "ZIP" in call("import", str(tmp_path / "photos.zip"), code=1)


def test_train_plans_and_queues_one_run_per_backbone(call, registry):
    dataset = registry.datasets()[0]
    asked = ["train", "--dataset", dataset.name, "--backbone", "efficientnet_lite0", "efficientnet_lite1"]
    rows = call(*asked, "--epochs", "3", "--set", "seed=7")["runs"]
    assert [row["decision"] for row in rows] == ["new", "new"]
    assert all(row["because"] for row in rows)
    recipe = registry.run(rows[1]["run"]).recipe
    assert (recipe.backbone, recipe.hyperparameters.epochs, recipe.hyperparameters.seed) == ("efficientnet_lite1", 3, 7)
    again = call(*asked, "--epochs", "3", "--set", "seed=7")["runs"]
    assert [row["decision"] for row in again] == ["reused", "reused"]
    assert [row["run"] for row in again] == [row["run"] for row in rows]


def test_a_dry_run_queues_nothing(call, registry):
    before = len(registry.runs())
    call("train", "--dataset", registry.datasets()[0].id, "--backbone", "efficientnet_lite2", "--dry-run")
    assert len(registry.runs()) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dataset", "nothing", "--backbone", "efficientnet_lite0"], "nothing"),
        (["--dataset", "flowers", "--backbone", "alexnet"], "alexnet"),
        (["--dataset", "flowers", "--backbone", "efficientnet_lite0", "--pattern", "magic"], "integrated_extractor"),
        (["--dataset", "flowers", "--backbone", "efficientnet_lite0", "--epochs", "0"], "epochs=0"),
        (["--dataset", "flowers", "--backbone", "efficientnet_lite0", "--set", "speed=7"], "learning_rate"),
        (["--dataset", "flowers", "--backbone", "efficientnet_lite0", "--set", "seed"], "NAME=VALUE"),
        (["--dataset", "flowers", "--backbone", "efficientnet_lite0", "--set", "seed=x"], "seed=x"),
    ],
)
def test_train_refuses_what_it_does_not_know(call, arguments, words):
    assert words in call("train", *arguments, code=1)


def test_runs_lists_every_run_and_show_tells_all_about_one(call, registry):
    rows = call("runs")["runs"]
    assert len(rows) == 6 and {"run", "dataset", "recipe", "status"} <= set(rows[0])
    shown = call("show", finished(registry)[0].id)
    assert shown["status"] == "FINISHED" and shown["epochs"] and shown["attempts"]
    low, high = shown["evaluation"]["ci95"]
    assert low <= shown["evaluation"]["accuracy"] <= high
    assert shown["evaluation"]["n"] == sum(map(sum, shown["evaluation"]["confusion"]))
    assert shown["cost"]["wall_seconds"] > 0 and len(shown["model"]["sha256"]) == 64


def test_compare_ranks_and_judges(call, registry):
    ids = [run.id for run in finished(registry)][:2]
    result = call("compare", *ids)
    assert [row["rank"] for row in result["runs"]] == [1, 2]
    assert len(result["pairs"]) == 1 and result["pairs"][0]["verdict"]


def test_compare_refuses_a_run_that_is_not_finished(call, registry):
    failed = next(run for run in registry.runs() if run.status is Status.FAILED)
    assert failed.id in call("compare", failed.id, finished(registry)[0].id, code=1)


def test_predict_names_the_photo_it_refuses_and_still_answers_the_others(call, registry, monkeypatch, tmp_path):
    def predict(folders, photos, top):
        answer = Answer(
            run_id=folders[0].parent.name,
            title="Lite0",
            predictions=(Prediction(class_name="cat", probability=0.9),),
            milliseconds=8.0,
            unsure=False,
            unsure_below=0.5,
            problem="",
        )
        good, bad = (name for name, _ in photos)
        return [
            PhotoPredictions(name=good, problem="", jpeg=b"", width=1, height=1, answers=(answer,)),
            PhotoPredictions(name=bad, problem="It is no photo.", jpeg=None, width=0, height=0, answers=()),
        ]

    monkeypatch.setattr(prediction, "predict", predict)
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"...")
    paths = [str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")]
    assert main(["predict", "--json", "--model", finished(registry)[0].id, *paths]) == 1


def test_predict_says_which_file_cannot_be_read(call, registry):
    assert "gone.jpg" in call("predict", "--model", finished(registry)[0].id, "gone.jpg", code=1)


def test_cancel_takes_a_waiting_run_out_of_the_queue(call, registry):
    waiting = registry.queue()[0]
    assert call("cancel", waiting.id)["status"] == "KILLED"
    assert "ended already" in call("cancel", waiting.id, code=1)


def test_resume_puts_a_failed_run_back_into_the_queue(call, registry):
    failed = next(run for run in registry.runs() if run.status is Status.FAILED)
    assert call("resume", failed.id)["status"] == "SCHEDULED"
    assert failed.id in [run.id for run in registry.queue()]


def test_delete_removes_the_run_and_its_files(call, registry, home):
    run = finished(registry)[0]
    assert home.run_dir(run.id).exists()
    result = call("delete", run.id)
    assert result["runs"] == 1 and result["models"] == 1 and result["bytes"] > 0
    assert not home.run_dir(run.id).exists()
    assert run.id in call("show", run.id, code=1)


def test_wait_reports_a_run_that_failed(call, registry, capsys):
    failed = next(run for run in registry.runs() if run.status is Status.FAILED)
    assert main(["wait", "--json", failed.id]) == 1
    assert failed.id in capsys.readouterr().err
    assert call("wait", finished(registry)[0].id)["runs"][0]["status"] == "FINISHED"


def test_wait_for_nothing_is_over_at_once(call, registry):
    for run in registry.runs():
        if not run.status.ended:
            registry.request_cancel(run.id, Cancel.NOW)
            registry.end(run.id, run.attempt, Status.KILLED)
    assert call("wait") == call("wait", "--all") == {"runs": []}
    assert "not both" in call("wait", "--all", registry.runs()[0].id, code=1)


def test_unknown_ids_are_one_sentence(call):
    for command in ("show", "cancel", "delete", "resume"):
        assert "r-nothing" in call(command, "r-nothing", code=1)


def test_the_port_must_be_a_port(call, monkeypatch):
    monkeypatch.setenv("GRAFT_PORT", "99999")
    assert "99999" in call("runs", code=1)


def test_text_for_people_names_the_verdict(home, registry, capsys):
    assert main(["compare", *(run.id for run in finished(registry)[:2])]) == 0
    assert "test accuracy" in capsys.readouterr().out


def test_a_backup_is_a_registry_with_the_same_runs(call, registry, tmp_path):
    assert call("backup", str(tmp_path / "copy.db"))["bytes"] > 0
    copy = Registry.open(tmp_path / "copy.db")
    assert [run.id for run in copy.runs()] == [run.id for run in registry.runs()]
    copy.close()
    assert "already there" in call("backup", str(tmp_path / "copy.db"), code=1)
