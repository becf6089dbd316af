"""The command line where the ground is bad: broken homes, odd arguments, Ctrl-C, closed pipes."""

import json
import math
import os
import runpy
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from core import jobs
from core.__main__ import main
from core.models.predict import ClassProbability, PhotoPredictions, Prediction
from core.planning.grid_plan import grid_plan
from core.runs.values import Epoch, Status
from core.settings import REPOSITORY, load_settings
from core.workbench import Workbench
from tests.factories import fill


@pytest.fixture
def home(home):
    """Its folder, which is not there yet."""
    return home.home


@pytest.fixture
def refusal(capsys):
    def refusal(*arguments, code=1):
        """The one line that a command says which cannot do what was asked."""
        assert main([*arguments]) == code
        printed = capsys.readouterr()
        assert printed.out == ""
        (line,) = printed.err.splitlines()
        return line

    return refusal


@pytest.mark.parametrize("place", ["file", "file/below", "n" * 300])
def test_a_home_that_cannot_be_made_is_one_sentence(home, refusal, monkeypatch, tmp_path, place):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("GRAFT_HOME", str(tmp_path / place))
    assert "GRAFT_HOME" in refusal("runs", "--json")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRAFT_PORT", "abc"),
        ("GRAFT_PORT", "nan"),
        ("GRAFT_PORT", "inf"),
        ("GRAFT_PORT", "8501.7"),
        ("GRAFT_FEATURES_GB", "nan"),
        ("GRAFT_FEATURES_GB", "inf"),
        ("GRAFT_HOME", "~nobody-of-this-name/graft"),
    ],
)
def test_nonsense_in_the_environment_is_named(home, refusal, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    line = refusal("runs")
    assert name in line and value in line


@pytest.mark.parametrize(
    "arguments",
    [[], ["nonsense"], ["import"], ["train"], ["runs", "too", "many"], ["show", "--what"]],
)
def test_arguments_that_are_wrong_are_one_line(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    printed = capsys.readouterr()
    assert ended.value.code == 2 and printed.out == ""
    assert len(printed.err.splitlines()) == 1 and "--help" in printed.err


def test_importing_nothing_does_not_import_the_current_folder(home, refusal):
    assert "demo" in refusal("import", "")


def test_doctor_examines_a_home_that_cannot_be_opened(home, capsys):
    home.mkdir()
    (home / "registry.db").write_text("this was a registry once, and now it is not")
    assert main(["doctor", "--json"]) == 1
    printed = capsys.readouterr()
    (registry,) = [check for check in json.loads(printed.out)["checks"] if not check["good"]]
    assert registry["name"] == "Registry" and "damaged" in registry["advice"]
    assert printed.err.splitlines() == ["Not in order: Registry."]


@pytest.mark.parametrize("arguments", [["stop"], ["stop", "--now"]])
def test_a_damaged_home_can_be_stopped(home, capsys, arguments):
    home.mkdir()
    (home / "registry.db").write_text("this was a registry once, and now it is not")
    assert main(arguments) == 0
    assert capsys.readouterr().out == "No supervisor was running.\n"


def test_a_registry_of_a_newer_graft_is_left_alone(home, refusal):
    Workbench.open()
    with sqlite3.connect(home / "registry.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "newer Graft" in refusal("runs")


def test_nothing_to_wait_for_is_said_at_once(home, capsys):
    assert main(["wait", "--all"]) == 0
    assert capsys.readouterr().out == "No run is waiting or running.\n"


def test_the_same_backbone_twice_is_one_run(home, registry, capsys):
    fill(registry, load_settings(), runs=0)
    dataset = registry.datasets()[0].id
    asked = ["train", "--json", "--dataset", dataset, "--backbone", "efficientnet_lite1", "efficientnet_lite1"]
    assert main(asked) == 0
    (row,) = json.loads(capsys.readouterr().out)["runs"]
    assert row["decision"] == "new" and [run.id for run in registry.runs()] == [row["run"]]


def test_two_who_ask_for_the_same_at_once_get_one_run(home, registry):
    fill(registry, load_settings(), runs=0)
    dataset = registry.datasets()[0].id
    plan = grid_plan(Workbench.open().plan(dataset, [recipe_of(registry, dataset)]), 1)  # all have looked
    found = []
    threads = [threading.Thread(target=lambda: found.extend(Workbench.open().launch_grid(plan))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4 and len({run.id for _, run in found}) == 1
    assert [run.status for run in registry.runs()] == [Status.SCHEDULED]


def recipe_of(registry, dataset):
    from core.recipes.recipe import Recipe

    return Recipe(backbone="efficientnet_lite0", hyperparameters=Workbench.open().defaults(dataset))


def test_models_of_one_backbone_are_told_apart_by_their_runs(home, capsys, monkeypatch, tmp_path):
    answers = tuple(
        Prediction(run_id=run, title="Lite0", classes=(ClassProbability(class_name="cat", probability=0.9),))
        for run in ("r-one", "r-two")
    )
    rows = [PhotoPredictions(name="a.jpg", predictions=answers)]
    monkeypatch.setattr(Workbench, "predict", lambda *arguments, **options: rows)
    (tmp_path / "a.jpg").write_bytes(b"...")
    assert main(["predict", "--model", "r-one", "--model", "r-two", str(tmp_path / "a.jpg")]) == 0
    assert capsys.readouterr().out == "a.jpg\n  Lite0 (r-one): cat 90.0 %\n  Lite0 (r-two): cat 90.0 %\n"


def test_predict_keeps_the_greeting_of_native_code_off_stderr(home, registry, monkeypatch, tmp_path, capfd):
    fill(registry, load_settings(), runs=6)
    run = next(run for run in registry.runs() if run.status is Status.FINISHED)

    def predict(folders, photos, top, **_):
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
        return [PhotoPredictions(name=name, problem="It is no photo.") for name, _ in photos]

    monkeypatch.setattr("core.serving.engine.predict", predict)
    (tmp_path / "a.jpg").write_bytes(b"...")
    main(["predict", "--json", "--model", run.id, str(tmp_path / "a.jpg")])
    printed = capfd.readouterr()
    assert len(json.loads(printed.out)["photos"]) == 1
    assert len(printed.err.splitlines()) == 1 and "no photo" in printed.err


def test_a_second_dashboard_on_a_port_leaves_the_supervisor_of_the_first_alone(home, refusal, monkeypatch):
    touched = []
    monkeypatch.setattr(jobs, "ensure_supervisor", touched.append)
    monkeypatch.setattr(jobs, "stop_supervisor", lambda *args, **kwargs: touched.append(args))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("GRAFT_PORT", str(taken.getsockname()[1]))
        assert "GRAFT_PORT" in refusal("run")
    assert touched == []


def test_a_dashboard_that_is_told_to_end_takes_its_idle_supervisor_along(home, monkeypatch, capsys):
    stopped = []
    monkeypatch.setattr(jobs, "stop_supervisor", lambda settings, now=False: stopped.append(now))
    monkeypatch.setattr("core.web.server.serve.serve", lambda settings: os.kill(os.getpid(), signal.SIGTERM))
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setenv("GRAFT_PORT", str(free.getsockname()[1]))
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.fail("SIGTERM would have ended the process on the spot"))
    try:
        assert main(["run", "--json"]) == 130
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stopped == [False] and capsys.readouterr().out == ""


@pytest.mark.parametrize(("verb", "restarts"), [("run", True), ("runs", False)])
def test_only_the_dashboard_runs_without_docstrings(verb, restarts, home, monkeypatch):
    begun = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: begun.append([program, *arguments]) or sys.exit(0))
    monkeypatch.setattr(sys, "argv", ["core", verb, "--json"])
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "core", verb, "--json"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(REPOSITORY / "core" / "__main__.py"), run_name="__main__")
    assert begun == [[sys.executable, sys.executable, "-OO", "-m", "core", verb, "--json"]] * restarts


@pytest.mark.parametrize("form", [["--dry-run"], []])
def test_weights_that_cannot_be_had_are_refused_before_anything_is_queued(home, registry, refusal, monkeypatch, form):
    fill(registry, load_settings(), runs=0)
    monkeypatch.setenv("GRAFT_OFFLINE", "1")
    monkeypatch.setenv("KERAS_HOME", str(home / "keras"))
    asked = ["train", "--dataset", registry.datasets()[0].id, "--backbone", "resnet50"]
    assert "ResNet50" in refusal(*asked, *form)
    assert registry.runs() == []


def command(*arguments, home, **options):
    environment = {**os.environ, "GRAFT_HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, "-m", "core", *arguments], cwd=REPOSITORY, env=environment, stderr=subprocess.PIPE, **options
    )


def test_a_closed_pipe_is_no_traceback(home):
    read, write = os.pipe()
    os.close(read)
    process = command("backbones", home=home, stdout=write)
    os.close(write)
    assert process.communicate(timeout=120)[1] == b"" and process.returncode == 1


def test_ctrl_c_while_importing_is_one_line_and_leaves_nothing(home, registry):
    process = command("import", "demo", home=home, stdout=subprocess.PIPE)
    while not list((home / "datasets").glob(".tmp-*")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (out, process.returncode) == (b"", 130)
    assert len(err.splitlines()) == 1 and b"Incomplete results" in err
    assert not list((home / "datasets").glob(".tmp-*"))


def test_file_names_that_are_no_text_are_printed_escaped(home, refusal, capsys, monkeypatch, tmp_path):
    assert (
        refusal("predict", "--model", "r", "no\udcff.jpg") == "no\\udcff.jpg cannot be read: No such file or directory."
    )
    rows = [PhotoPredictions(name="no\udcff.jpg")]
    monkeypatch.setattr(Workbench, "predict", lambda *arguments, **options: rows)
    (tmp_path / "a.jpg").write_bytes(b"...")
    for form in ([], ["--json"]):
        assert main(["predict", "--model", "r", str(tmp_path / "a.jpg"), *form]) == 0
        assert "no\\udcff.jpg" in capsys.readouterr().out


def test_a_loss_that_ran_away_is_null_in_json(home, registry, capsys):
    """Python prints NaN and Infinity, which no other parser of JSON takes."""
    running = fill(registry).with_status(Status.RUNNING)[0]
    wild = Epoch(number=7, attempt=1, loss=math.inf, accuracy=0.1, val_loss=math.nan, val_accuracy=0.1, seconds=1.0)
    registry.record_epoch(running.id, running.attempt, wild)
    assert main(["show", running.id, "--json"]) == 0

    def refused(constant):
        raise AssertionError(f"{constant} is no JSON")

    last = json.loads(capsys.readouterr().out, parse_constant=refused)["epochs"][-1]
    assert (last["loss"], last["val_loss"], last["accuracy"]) == (None, None, 0.1)


def test_a_name_of_a_hundred_thousand_letters_is_not_said_back(home, refusal):
    for command in (("compare",), ("alias",), ("delete", "--model"), ("delete", "--dataset")):
        line = refusal(*command, "x" * 100_000)
        assert line.startswith("There is no ") and "'xxxx" in line and len(line) < 250
