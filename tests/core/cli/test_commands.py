"""The command line: one JSON object on stdout, one line on stderr, exit code 0 only when it was done."""

import json

import numpy as np
import pytest

from core.__main__ import main
from core.backbones import get
from core.cli.train import train_text
from core.features.compute import features_of
from core.files.home import registry_file, run_folder
from core.models.conformal import PredictionSet
from core.models.novelty import Novelty
from core.models.predict import ClassProbability, PhotoPredictions, Prediction
from core.planning.presets import Preset
from core.registry import Registry
from core.runs.values import Cancel, Status
from core.workbench import Workbench
from tests.factories import fill
from tests.findings import store_findings
from tests.photo_files import archive, classes, jpeg


@pytest.fixture
def home(home, registry):
    """With six runs in it."""
    fill(registry, home, runs=6)
    return home


def finished(registry):
    return [run for run in registry.runs() if run.status is Status.FINISHED]


def test_import_says_what_came_in_and_a_second_time_says_it_was_there(call):
    first = call("import", "demo")
    assert len(first["classes"]) == 5
    assert sum(first["classes"].values()) == sum(first["splits"].values()) == first["accepted"] == 192
    assert set(first["splits"]) == {"train", "validation", "test"} and first["rejected"] == []
    again = call("import", "demo")
    assert again["already_there"] and again["dataset"] == first["dataset"]


def test_import_says_that_near_copies_were_not_looked_for_and_how_to(home, capsys):
    assert main(["import", "demo"]) == 0
    assert "were not looked for: core check demo-photos:1" in capsys.readouterr().out


def test_import_of_no_zip_is_one_sentence(call, tmp_path):
    (tmp_path / "photos.zip").write_text("no")
    assert "ZIP" in call("import", str(tmp_path / "photos.zip"), code=1)


def test_leaked_test_photos_are_told_before_training(call, registry, home, capsys):
    dataset = registry.datasets()[0]
    asked = ["train", "--dataset", dataset.name, "--backbone", "efficientnet_lite1"]
    assert call(*asked, "--dry-run")["leaks"] is None
    train, test = (registry.photos(dataset.id, split=split)[0] for split in ("train", "test"))
    store_findings(dataset, home, copies=[(train, test)])
    leaks = call(*asked, "--dry-run")["leaks"]
    assert leaks["sentence"].startswith("1 test photo has a near-copy")
    assert main([*asked, "--dry-run"]) == 0 and leaks["sentence"] in capsys.readouterr().out
    assert call(*asked)["leaks"] == leaks


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


def test_a_dry_run_queues_nothing_and_plans_the_launch_as_a_whole(call, registry):
    before = len(registry.runs())
    asked = ["train", "--dataset", registry.datasets()[0].id, "--backbone", "efficientnet_lite2", "--repeat", "2"]
    result = call(*asked, "--dry-run")
    plan, rows = result["plan"], result["runs"]
    assert (plan["runs"], plan["decisions"], plan["slots"]) == (2, {"new": 2}, 1)
    assert plan["seconds"] == pytest.approx(sum(row["estimate_seconds"] for row in rows))
    assert plan["seconds"] < plan["alone_seconds"]
    assert plan["sentence"].startswith("2 runs, about ") and "; sharing saves " in plan["sentence"]
    assert plan["sentence"] in train_text(result) and len(registry.runs()) == before


def test_a_cell_that_is_no_recipe_is_a_refused_row_beside_the_others(call, registry, capsys):
    asked = ["train", "--dataset", "flowers", "--backbone", "efficientnet_lite0", "--dry-run", "--json"]
    assert main([*asked, "--pattern", "classifier", "integrated_extractor", "--epochs", "0"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert [row["decision"] for row in result["runs"]] == ["new", "refused"]
    assert result["runs"][1]["name"] == "Lite0 · feature extraction (epochs 0)"
    assert result["runs"][1]["settings"] == {"epochs": 0} and "Received: epochs=0" in result["runs"][1]["because"]


def test_a_preset_launches_the_same_recipes_as_the_page(call, registry):
    call("train", "--dataset", "flowers", "--preset", "quick")
    queued = [run.recipe for run in reversed(registry.runs(status=Status.SCHEDULED))]
    wanted = Workbench.open().recipes("flowers", Preset.QUICK)
    assert len(wanted) == 3 and [recipe for recipe in queued if recipe in wanted] == wanted


def test_finished_runs_are_combined_by_train_as_on_the_page(call, registry):
    members = [run.id for run in finished(registry)[:2]]
    asked = ["train", "--dataset", "flowers", "--cascade", "ensemble", "--member", *members, "--dry-run"]
    (row,) = call(*asked)["runs"]
    assert row["pattern"] == "cascade" and row["name"].startswith("Ensemble of ")
    rows = train(call, "efficientnet_lite0", "--pattern", "classifier", *asked[3:])["runs"]
    assert [row["pattern"] for row in rows] == ["classifier", "cascade"]
    assert "--backbone is missing" in call("train", "--dataset", "flowers", code=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dataset", "nothing", "--backbone", "efficientnet_lite0"], "nothing"),
        (["--dataset", "flowers", "--preset", "quik"], "Did you mean 'quick'? Choose from: quick, thorough, overnight"),
        (["--dataset", "flowers", "--preset", "quick", "--epochs", "3"], "Leave out --epochs"),
        (["--dataset", "flowers", "--preset", "quick", "--repeat", "3"], "Leave out --repeat"),
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


def train(call, *arguments, **how):
    return call("train", "--dataset", "flowers", "--backbone", *arguments, **how)


def test_train_launches_a_grid_of_patterns_and_depths(call, registry):
    rows = train(call, "efficientnet_lite0", "--pattern", "fine_tuning", "from_scratch", "--depth", "1", "2")["runs"]
    found = [(row["pattern"], row["depth"], row["decision"], row["status"]) for row in rows]
    assert found == [
        ("fine_tuning", 1, "new", "SCHEDULED"),
        ("fine_tuning", 2, "new", "SCHEDULED"),
        ("from_scratch", None, "new", "SCHEDULED"),
    ]
    assert registry.run(rows[1]["run"]).name == "Lite0 · fine-tuning · top 2 blocks"


def test_what_cannot_run_does_not_keep_the_others_from_running_and_is_said(call, registry, capsys):
    before = len(registry.runs())
    arguments = ["--dataset", "flowers", "--backbone", "efficientnet_lite0", "--pattern", "fine_tuning"]
    arguments += ["--depth", "1", "99", "2"]
    assert main(["train", *arguments, "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)["runs"]
    assert [(row["depth"], row["decision"]) for row in rows] == [(1, "new"), (2, "new"), (99, "refused")]
    assert rows[-1]["run"] is None and "between 1 and 18" in rows[-1]["because"]
    assert len(registry.runs()) == before + 2
    assert main(["train", *arguments]) == 1
    assert "the depth must be between 1 and 18. Received: depth=99" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["train", "--dataset", "flowers", "--backbone", "efficientnet-lite0"], "'efficientnet_lite0'"),
        (["train", "--dataset", "flowers", "--backbone", "ResNet50"], "'resnet50'"),
        (["train", "--dataset", "flowers", "--backbone", "resnet-5o"], "'resnet50'"),
        (["train", "--dataset", "Flower", "--backbone", "efficientnet_lite0"], "'flowers'"),
        (["train", "--dataset", "flowers", "--backbone", "resnet50", "--pattern", "fine-tuning"], "'fine_tuning'"),
        (["train", "--dataset", "flowers", "--backbone", "resnet50", "--set", "lerning_rate=1"], "'learning_rate'"),
    ],
)
def test_a_name_that_is_nearly_right_is_suggested(call, arguments, meant):
    assert f"Did you mean {meant}?" in call(*arguments, code=1)


def test_a_run_is_suggested_by_its_name_or_id(call, registry):
    run = registry.runs()[0]
    registry.annotate(run.id, name="My best model")
    assert f"Did you mean {run.id!r} (My best model)?" in call("show", "my best modell", code=1)
    assert f"Did you mean {run.id!r}?" in call("show", f"{run.id[:6]}x{run.id[6:]}", code=1)


def test_patterns_may_be_given_one_by_one_as_well(call):
    asked = ["--pattern", "integrated_extractor", "--pattern", "fine_tuning", "--dry-run"]
    rows = train(call, "efficientnet_lite0", *asked)["runs"]
    assert [row["pattern"] for row in rows] == ["integrated_extractor", "fine_tuning"]


def test_a_grid_says_where_a_number_is_ignored(call):
    grid = ["efficientnet_lite0", "--pattern", "fine_tuning", "classifier", "--epochs", "9", "--set", "head_epochs=2"]
    said = [concern for concern in train(call, *grid, "--dry-run")["concerns"] if "ignored" in concern["sentence"]]
    assert said == [
        {
            "level": "note",
            "sentence": f"{name} applies to fine-tuning only; it is ignored for 1 of 2 recipes.",
            "remedies": [],
        }
        for name in ("head_epochs", "epochs")
    ]


def test_depth_all_is_a_sweep(call):
    rows = train(call, "efficientnet_lite0", "--depth", "all", "--dry-run")["runs"]
    assert [row["depth"] for row in rows] == list(range(18)) and all(row["disk_bytes"] > 0 for row in rows)


def test_repeat_is_several_seeds_and_force_one_more(call):
    rows = train(call, "efficientnet_lite0", "--repeat", "3", "--epochs", "2")["runs"]
    assert [row["seed"] for row in rows] == [0, 1, 2] and len({row["fingerprint"] for row in rows}) == 3
    again = train(call, "efficientnet_lite0", "--epochs", "2")["runs"]
    assert (again[0]["decision"], again[0]["run"]) == ("reused", rows[0]["run"])
    forced = train(call, "efficientnet_lite0", "--epochs", "2", "--force")["runs"]
    assert (forced[0]["decision"], forced[0]["seed"]) == ("new", 3)
    shown = call("show", rows[0]["run"])
    assert [one["seed"] for one in shown["repetitions"]] == [0, 1, 2, 3]


def test_what_is_reused_says_the_seconds_it_saves(call, registry):
    recipe = next(run.recipe for run in finished(registry) if run.recipe.backbone == "efficientnet_lite0")
    same = {"learning_rate": 1e-3, "views": 1, "batch_size": 32, "normalize": "false", "zero_head": "false"}
    asked = [f"{name}={value}" for name, value in same.items()]
    (row,) = train(call, recipe.backbone, "--epochs", "12", "--set", *asked)["runs"]
    assert row["decision"] == "reused" and row["saves_seconds"] > 0 and row["saves_source"] == "measured"


def test_a_grid_of_more_than_a_hundred_runs_wants_a_yes(call, registry):
    before = len(registry.runs())
    sweep = ["efficientnet_lite0", "--pattern", "fine_tuning", "--depth", "all", "--repeat", "6"]
    assert "108 runs" in train(call, *sweep, code=1) and len(registry.runs()) == before
    assert len(train(call, *sweep, "--yes")["runs"]) == 108


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["efficientnet_lite0", "--depth", "18"], "between 0 and 17"),
        (["efficientnet_lite0", "--depth", "two"], "'two'"),
        (["efficientnet_lite0", "--set", "batch_size=4096"], "56 training photos"),
        (["efficientnet_lite0", "--pattern", "cascade"], "--cascade fusion"),
        (["efficientnet_lite0", "--cascade", "fusion"], "two to nine backbones"),
        (["efficientnet_lite0", "--cascade", "soup"], "fusion, stacking"),
        (["efficientnet_lite0", "--epochs", "0"], "Received: epochs=0"),
        (["efficientnet_lite0", "--cascade", "stacking", "--member", "r-nothing"], "r-nothing"),
        (["efficientnet_lite0", "--cascade", "ensemble", "--member", "r-1", "r-2"], "combines finished runs"),
        (["efficientnet_lite0", "--member", "efficientnet_lite1"], "--cascade"),
        (["efficientnet_lite0", "--set", "depth=2", "--pattern", "from_scratch"], "has no effect in from_scratch"),
        (["efficientnet_lite0", "--depth", "2", "--pattern", "from_scratch"], "has no effect in from_scratch"),
        (["efficientnet_lite0", "--pattern", "classifier", "--map", "n02123045"], "SYNSET=CLASS"),
        (["efficientnet_lite0", "--repeat", "0"], "Received: 0"),
        (["efficientnet_lite0", "--set", "solver=magic", "--pattern", "standalone_extractor"], "logistic_regression"),
    ],
)
def test_bad_input_is_one_sentence_before_anything_is_launched(call, registry, arguments, words):
    before = len(registry.runs())
    assert words in train(call, *arguments, code=1)
    assert len(registry.runs()) == before


def test_a_rate_that_explodes_is_told_with_the_run(call):
    (row,) = train(call, "efficientnet_lite0", "--set", "learning_rate=5")["runs"]
    assert any("diverge" in concern["sentence"] and concern["level"] == "ask" for concern in row["concerns"])


def test_at_a_terminal_a_questionable_run_waits_for_a_yes(home, registry, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked = ["train", "--dataset", "flowers", "--backbone", "efficientnet_lite0", "--set", "learning_rate=5"]
    before = len(registry.runs())
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert main(asked) == 1 and "Nothing was launched" in capsys.readouterr().err
    assert len(registry.runs()) == before
    monkeypatch.setattr("builtins.input", lambda question: "y")
    assert main(asked) == 0 and len(registry.runs()) == before + 1


def test_few_epochs_of_fine_tuning_leave_some_for_the_blocks(call, registry):
    (row,) = train(call, "efficientnet_lite0", "--pattern", "fine_tuning", "--epochs", "3")["runs"]
    assert registry.run(row["run"]).recipe.hyperparameters.head_epochs == 1


def test_cascades_of_networks_and_of_runs_are_trained_like_any_other(call, registry):
    (fusion,) = train(call, "efficientnet_lite0", "efficientnet_lite1", "--cascade", "fusion", "--epochs", "3")["runs"]
    recipe = registry.run(fusion["run"]).recipe
    assert recipe.backbones == ("efficientnet_lite0", "efficientnet_lite1") and recipe.hyperparameters.epochs == 3
    member = finished(registry)[0].id
    rows = train(call, "efficientnet_lite0", "--cascade", "stacking", "--member", member, "--repeat", "2")["runs"]
    assert [registry.run(row["run"]).recipe.runs for row in rows] == [(member,)] * 2
    assert call("show", rows[0]["run"])["lineage"]["parents"] == [member]
    assert set(call("show", member)["lineage"]["children"]) == {row["run"] for row in rows}


def test_a_finished_run_is_a_backbone(call, registry):
    parent = finished(registry)[0].id
    (row,) = train(call, parent, "--epochs", "2")["runs"]
    assert row["backbone"] == parent
    assert call("show", row["run"])["lineage"] == {"parent": parent, "parents": [parent], "lost": [], "children": []}
    assert parent in [backbone["name"] for backbone in call("backbones")["backbones"]]


def test_reproduce_queues_the_same_run_again(call, registry):
    run = finished(registry)[0]
    again = call("reproduce", run.id, "--no-wait")
    assert again["reproduces"] == run.id and again["fingerprint"] == run.fingerprint
    assert again["reproduction"]["identical"] is None
    failed = next(run for run in registry.runs() if run.status is Status.FAILED)
    assert failed.id in call("reproduce", failed.id, code=1)


def test_features_says_what_is_stored_in_mb(call, home):
    assert call("features") == {"features": [], "bytes": 0, "mb": 0.0, "limit_mb": 10_000.0}
    store_features(home)
    (row,) = call("features")["features"]
    assert (row["dataset"], row["title"], row["cut"], row["rows"]) == (
        "flowers version 1",
        "EfficientNet-Lite0",
        "top",
        12,
    )
    assert row["mb"] == row["bytes"] / 1e6 and row["mb_per_1000_photos"] == row["bytes"] / 12 / 1e3
    assert "--parquet FILE" in call("features", "--cut", "top", code=1)


def test_features_are_written_as_parquet(call, home, tmp_path):
    target, asked = tmp_path / "f.parquet", ["--dataset", "flowers", "--backbone", "efficientnet_lite0"]
    assert "stored" in call("features", *asked, "--parquet", str(target), code=1)
    store_features(home)
    result = call("features", *asked, "--parquet", str(target))
    assert result["rows"] == 12 and result["bytes"] == target.stat().st_size > 0
    assert "no folder" in call("features", *asked, "--parquet", str(tmp_path / "gone" / "f.parquet"), code=1)
    assert "--backbone B" in call("features", "--parquet", str(target), code=1)


def store_features(home):
    """The test photos' features by Lite0, as if computed."""
    registry = Registry.open(registry_file(home))
    dataset = registry.datasets()[0]
    photos = registry.photos(dataset.id, split="test")
    features_of(
        photos,
        dataset=dataset,
        backbone=get("efficientnet_lite0"),
        settings=home,
        engine=lambda: FakeEngine(),
    )
    registry.close()


class FakeEngine:
    name, batch, workers = "fake", 8, 1

    def __call__(self, views):
        return np.ones((len(views), 1280), np.float32)


def test_runs_lists_every_run_and_show_tells_all_about_one(call, registry):
    rows = call("runs")["runs"]
    assert len(rows) == 6 and {"run", "dataset", "recipe", "status"} <= set(rows[0])
    shown = call("show", finished(registry)[0].id)
    assert shown["status"] == "FINISHED" and shown["epochs"] and shown["attempts"]
    low, high = shown["evaluation"]["ci95"]
    assert low <= shown["evaluation"]["accuracy"] <= high
    assert shown["evaluation"]["n"] == sum(map(sum, shown["evaluation"]["confusion"]))
    assert shown["cost"]["wall_seconds"] > 0 and len(shown["model"]["sha256"]) == 64
    assert shown["best_epoch"] == 10 and len(shown["fingerprint"]) == 64 and shown["reproduction"] is None
    assert [stage["name"] for stage in shown["stages"]] == ["head"] and shown["stages"][0]["epochs_done"] == 12


def test_predict_names_the_photo_it_refuses_and_still_answers_the_others(call, registry, monkeypatch, tmp_path):
    def predict(folders, photos, top, **_):
        answer = Prediction(
            run_id=folders[0].parent.name,
            title="Lite0",
            classes=(ClassProbability(class_name="cat", probability=0.9),),
            milliseconds=8.0,
            prediction_set=PredictionSet(confidence=0.95, by_class=False, classes=("cat", "dog"), photos=40),
            novelty=Novelty(problem="Not measured: why."),
            problem="",
        )
        good, bad = (name for name, _ in photos)
        return [
            PhotoPredictions(name=good, problem="", jpeg=b"", width=1, height=1, predictions=(answer,)),
            PhotoPredictions(name=bad, problem="It is no photo.", jpeg=None, width=0, height=0, predictions=()),
        ]

    monkeypatch.setattr("core.serving.engine.predict", predict)
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"...")
    paths = [str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")]
    assert main(["predict", "--json", "--model", finished(registry)[0].id, *paths]) == 1


def test_predict_takes_folders_and_archives_and_writes_a_table(call, registry, monkeypatch, tmp_path):
    def predict(folders, photos, **_):
        rose = (ClassProbability(class_name="rose", probability=0.9),)
        made = (Prediction(run_id=folders[0].parent.name, title="Lite0", classes=rose),)
        return [PhotoPredictions(name=name, jpeg=b"", predictions=made) for name, _ in photos]

    monkeypatch.setattr("core.serving.engine.predict", predict)
    packed = archive(tmp_path / "pets.zip", classes(cat=2))
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.jpg").write_bytes(jpeg(1))
    sources = [str(packed), str(tmp_path / "more"), str(tmp_path / "more" / "a.jpg")]
    table = tmp_path / "table.csv"
    photos = call("predict", "--model", finished(registry)[0].id, "--csv", str(table), *sources)["photos"]
    assert [photo["file"].removeprefix(f"{tmp_path}/").partition("/")[0] for photo in photos] == [
        "pets.zip", "pets.zip", "more", "more",
    ]  # fmt: skip
    assert len(table.read_text().splitlines()) == 5 and "rose,0.9" in table.read_text()
    run = finished(registry)[0].id
    assert "cannot be written" in call("predict", "--model", run, "--csv", str(tmp_path), sources[2], code=1)
    (tmp_path / "more" / "link.jpg").symlink_to(tmp_path / "more" / "a.jpg")
    assert main(["predict", "--model", run, str(tmp_path / "more")]) == 1, "one file was refused"


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
    assert run_folder(home, run.id).path.exists()
    result = call("delete", run.id)
    assert result["runs"] == 1 and result["models"] == 1 and result["bytes"] > 0
    assert not run_folder(home, run.id).path.exists()
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


def test_predict_takes_the_unlabelled_photos_of_a_dataset(call, registry, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr("core.cli.predict.PHOTOS_AT_ONCE", 2)
    monkeypatch.setattr("core.serving.engine.predict", lambda folders, photos, **_: asked.append(photos) or [])
    files = classes("train/", cat=6, dog=6) | {f"test/{number}.jpg": jpeg(500 + number) for number in range(3)}
    dataset = call("import", str(archive(tmp_path / "pets.zip", files)))["dataset"]
    run = finished(registry)[0].id
    call("predict", "--model", run, "--unlabelled", dataset)
    assert [[name for name, _ in some] for some in asked] == [["test/0.jpg", "test/1.jpg"], ["test/2.jpg"]]
    assert "no unlabelled photos" in call("predict", "--model", run, "--unlabelled", "flowers", code=1)
    assert "Name photos to predict" in call("predict", "--model", run, code=1)
