"""A home made by an earlier version opens with everything that was in it.

``tests/homes/home-VERSION.tar.xz`` was made by the code of that version (``tests/homes/make_home.py`` says how) and
holds, beside registry and files, every value as that version printed it (``expected.json``).
"""

import csv
import io
import json
import math
import re
import shutil
import sqlite3
import tarfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files.home import registry_file, run_folder
from core.recipes.recipe import Recipe
from core.registry.search import RunQuery
from core.runs.values import Status
from core.settings import Settings
from core.workbench import Workbench

HOMES = Path(__file__).parents[2] / "homes"
RUNS = {
    "0.3.0": 17,
    "0.4.0": 18,
    "0.5.0": 18,
    "0.6.0": 18,
    "0.7.0": 20,
    "0.8.0": 20,
    "0.9.0": 20,
    "0.10.0": 20,
    "0.11.0": 20,
}
PROSE = {"verdict", "because", "concerns", "text", "title", "unsure"}
"""Keys whose values are sentences or labels: their words may change, what they are about may not."""

COMPARED_PROSE = PROSE | {"name"}
"""Where runs of one name are told apart by their settings in words."""

CORRECTED = {"alone_wall_seconds", "alone_cpu_seconds", "alone_money"}
"""Figures of one run that earlier versions computed too low: it extends another, whose first views they left out."""

RENAMED = {"low": "ci95_low", "high": "ci95_high"}
"""Columns of exported tables that have another name since."""

RENAMED_METRICS = {"seconds paid": "time spent (s)"}
"""What a reproduction is compared by, where it has another name since."""


def is_since(version: str, first: str) -> bool:
    """Whether ``version`` is ``first`` or a later one; 0.10 comes after 0.9."""
    return tuple(map(int, version.split("."))) >= tuple(map(int, first.split(".")))


@pytest.fixture(scope="session", params=RUNS)
def version(request) -> str:
    return request.param


@pytest.fixture(scope="session")
def unpacked(version, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("earlier-home")
    with tarfile.open(HOMES / f"home-{version}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session")
def opened(unpacked, tmp_path_factory) -> Path:
    """The home after Graft has opened it, once for all tests: what migrations do takes longer than most of them."""
    settings = Settings(home=tmp_path_factory.mktemp("opened-home") / "home")
    shutil.copytree(unpacked, settings.home)
    Workbench.open(settings).registry.close()
    return settings.home


@pytest.fixture
def home(settings, opened, monkeypatch):
    """A copy of the opened home, in which no supervisor starts."""
    shutil.copytree(opened, settings.home)
    monkeypatch.setenv("GRAFT_HOME", str(settings.home))
    monkeypatch.setattr("core.jobs.ensure_supervisor", lambda settings: None)
    return settings


@pytest.fixture
def expected(unpacked) -> dict:
    return json.loads((unpacked / "expected.json").read_text())


@pytest.fixture
def bench(home) -> Workbench:
    return Workbench.open(home)


def tables_of(path: Path) -> dict[str, list[dict[str, Any]]]:
    with closing(sqlite3.connect(path)) as file:
        file.row_factory = sqlite3.Row
        names = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        found = {name: [dict(row) for row in file.execute(f"SELECT * FROM {name}")] for name in names}  # noqa: S608
    return {name: rows for name, rows in found.items() if name != "alembic_version" and not name.startswith("sqlite_")}


def same(new: Any, old: Any, where: str = "", prose: set[str] = PROSE) -> None:
    """Everything that the earlier version printed is printed still: keys may be added, no value may change."""
    if isinstance(old, dict):
        for key in old.keys() - prose:
            assert key in new, f"{where}.{key}"
            if key in CORRECTED and old[key] is not None:
                assert new[key] >= old[key] - 1e-9, f"{where}.{key}"
                continue
            if key == "name" and "run" in old:
                assert is_name_of(new[key], old[key]), f"{where}.{key}"
                continue
            same(new[key], old[key], f"{where}.{key}", prose)
    elif isinstance(old, list):
        assert len(new) == len(old), where
        for number, (one, other) in enumerate(zip(new, old, strict=True)):
            same(one, other, f"{where}[{number}]", prose)
    elif isinstance(old, float):
        assert new == pytest.approx(old, rel=1e-9, abs=1e-12, nan_ok=True), where
    else:
        assert new == (RENAMED_METRICS.get(old, old) if isinstance(old, str) else old), where


def is_name_of(new: str, old: str) -> bool:
    """The same name; or with an ending, where another run had it."""
    return new == old or re.fullmatch(re.escape(old) + r"( · .+| #\d+)", new) is not None


def relative(value: dict, home) -> dict:
    """Paths below the home of the test, or the one that the earlier version worked in, begin with ``$HOME``."""
    return json.loads(re.sub(rf"{re.escape(str(home.home))}|/tmp/tmp\w+/home\b", "$HOME", json.dumps(value)))


def test_every_row_of_every_table_keeps_its_values(home, version, unpacked, bench):
    old, new = tables_of(unpacked / "registry.db"), tables_of(registry_file(home))
    assert len(old["runs"]) == RUNS[version]
    assert {row["status"] for row in old["runs"]} >= {"FINISHED", "FAILED", "KILLED"}
    for name, rows in old.items():
        assert len(new[name]) >= len(rows), name
        changed = CORRECTED | ({"name", "search"} if name == "runs" else set())
        for row in ({key: value for key, value in row.items() if key not in changed} for row in rows):
            assert any(row.items() <= other.items() for other in new[name]), (name, row)


def test_of_runs_of_one_name_the_first_keeps_it_and_the_others_get_an_ending(home, version, unpacked, bench):
    old = {row["id"]: row["name"] for row in tables_of(unpacked / "registry.db")["runs"]}
    new = {row["id"]: row["name"] for row in tables_of(registry_file(home))["runs"]}
    first = {name: run_id for run_id, name in reversed(old.items())}
    assert len(set(new.values())) == len(new)
    if is_since(version, "0.6.0"):  # it had no two runs of one name
        assert new == old
        return
    assert len(first) < len(old)
    for run_id, name in old.items():
        assert new[run_id] == name if first[name] == run_id else new[run_id] != name and is_name_of(new[run_id], name)
    renamed = next(run_id for run_id in old if new[run_id] != old[run_id])
    ending = new[renamed].removeprefix(old[renamed])
    found, _ = bench.registry.search(RunQuery(text=ending))
    assert renamed in {run.id for run in found}, "it is found by its new name"


def test_every_run_has_a_colour_of_its_own_as_long_as_the_palette_lasts(bench):
    places = [run.colour for run in reversed(bench.registry.runs())]
    assert places == list(range(len(places)))


def test_the_training_time_of_the_extended_run_has_what_the_run_it_extends_reused(home, version, unpacked, bench):
    old, new = (
        {row["run_id"]: row["alone_wall_seconds"] for row in tables_of(path)["costs"]}
        for path in (unpacked / "registry.db", registry_file(home))
    )
    changed = {run_id for run_id in old if old[run_id] != new[run_id]}
    if is_since(version, "0.5.0"):  # it computed it correctly
        assert changed == set()
        return
    assert [bench.registry.run(run_id).extends is not None for run_id in changed] == [True]
    (run_id,) = changed
    views = [spent["paid"] for spent in bench.registry.spent(bench.registry.run(run_id).extends)]
    assert 0.5 < new[run_id] - old[run_id] < sum(one["wall_seconds"] for paid in views for one in paid.values())


def test_opening_it_a_second_time_changes_nothing(home):
    before = tables_of(registry_file(home))
    Workbench.open(home).registry.close()
    assert tables_of(registry_file(home)) == before


def test_files_are_left_as_they_were(home, unpacked, bench):
    old = {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()}
    for path in old - {Path("registry.db")}:
        assert (home.home / path).read_bytes() == (unpacked / path).read_bytes(), path


@pytest.mark.parametrize(
    ("key", "arguments"),
    [
        ("datasets", ["datasets"]),
        ("runs", ["runs", "--archived"]),
        ("starred", ["runs", "--starred"]),
        ("tagged", ["runs", "--tag", "Obst"]),
        ("alias", ["alias", "small"]),
    ],
)
def test_lists_say_what_they_said(call, expected, home, key, arguments):
    same(relative(call(*arguments), home), expected[key])


def test_all_about_every_run_is_told_as_before(call, expected, version, home):
    assert len(expected["show"]) == RUNS[version]
    for run_id, old in expected["show"].items():
        same(relative(call("show", run_id), home), old, run_id)


def test_a_comparison_of_all_runs_and_of_two_says_what_it_said(call, expected, home):
    found = relative(call("compare", *expected["compared"]), home)
    same(found, without_intervals(expected["compare"]), prose=COMPARED_PROSE)
    assert {"Äpfel und Birnen", "ÉCLAIR à la carte"} <= {run["name"] for run in found["runs"]}
    names = expected["names"]
    same(
        relative(call("compare", names["frozen"], names["tuned"]), home),
        without_intervals(expected["pair"]),
        prose=COMPARED_PROSE,
    )


def without_intervals(compared: dict) -> dict:
    """Since 0.6.0 every pair is corrected, with an interval that agrees (since 0.7.0 without the error of its
    quadrature); the tests themselves are the same."""
    changed = {"ci95", "interval", "adjusted_p"}
    pairs = [{key: value for key, value in pair.items() if key not in changed} for pair in compared["pairs"]]
    metrics = [
        {key: value for key, value in one.items() if key != "ci95" or one["metric"] != "accuracy"}
        for one in compared["metrics"]
    ]
    return compared | {"pairs": pairs, "metrics": metrics}


@pytest.mark.parametrize("table", ["leaderboard", "costs", "epochs", "answers"])
def test_tables_hold_what_they_held(call, expected, tmp_path, table):
    path = tmp_path / "table.csv"
    call("table", table, *expected["compared"], "-o", str(path))
    old, new = (list(csv.DictReader(io.StringIO(text))) for text in (expected["tables"][table], path.read_text()))
    assert len(new) == len(old) > 0
    for row, (one, other) in enumerate(zip(new, old, strict=True)):
        for column, value in ((column, other[column]) for column in other.keys() - COMPARED_PROSE):
            if CORRECTED & {column, one.get("cost")} and column in (*CORRECTED, "value") and value:
                assert float(one[column]) >= float(value) - 1e-9, f"row {row}, {column}"
                continue
            same(_number(one[RENAMED.get(column, column)]), _number(value), f"row {row}, {column}")


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def test_what_was_trained_is_reused_extended_or_resumed_as_before(bench, expected):
    """By the recipes of the runs: the same command may have other defaults in this version."""
    for name, old in expected["plans"].items():
        recipe = planned_recipe(bench, expected, name)
        (plan,) = bench.plan("small", [recipe])
        settings = recipe.settings()
        found = {
            "run": plan.run_id,
            "backbone": recipe.backbone,
            "pattern": str(recipe.pattern),
            "depth": settings.get("depth"),
            "seed": settings.get("seed"),
            "fingerprint": plan.fingerprint,
            "decision": str(plan.decision),
            "first_epoch": plan.first_epoch,
        }
        assert found == {key: old[key] for key in found}, name
    decisions = {name: plan["decision"] for name, plan in expected["plans"].items()}
    assert (decisions["frozen"], decisions["extended"], decisions["cancelled"]) == ("reused", "extended", "resumed")


def planned_recipe(bench: Workbench, expected: dict, name: str) -> Recipe:
    """The recipe of the run of that name, or the one from which it was planned with other numbers."""
    origin, changes = {"extended": ("longer", {"epochs": 9}), "new": ("frozen", {"seed": 99})}.get(name, (name, {}))
    recipe = bench.registry.run(expected["names"][origin]).recipe
    return replace(recipe, hyperparameters=replace(recipe.hyperparameters, **changes))


def test_an_interrupted_run_goes_on_after_its_last_epoch(bench, expected):
    run = bench.resume(expected["names"]["cancelled"])
    assert run.status is Status.SCHEDULED
    assert run.epochs_done == expected["show"][run.id]["epochs_done"] >= 12


def test_an_alias_can_be_rolled_back_to_the_run_that_held_it(bench, expected):
    dataset = bench.registry.dataset("small")
    bench.roll_back_alias(dataset.id, "champion", "", "")
    assert bench.aliases(dataset.id)["champion"].run_id == expected["names"]["frozen"]


def test_stored_predictions_give_the_accuracy_that_was_measured(call, expected, home):
    for run_id in expected["compared"]:
        with np.load(run_folder(home, run_id).path / "test.npz") as file:
            right = file["probabilities"].argmax(axis=1) == file["labels"]
        assert math.isclose(right.mean(), expected["show"][run_id]["accuracy"])


def test_a_temperature_can_be_taken_back_and_fitted_again_with_the_same_result(call, expected):
    for run_id, old in expected["calibrated"].items():
        call("calibrate", run_id, "--undo")
        assert call("show", run_id)["evaluation"] == expected["show"][run_id]["evaluation"]
        same(call("calibrate", run_id)["calibration"], old | {"at": pytest.approx(time.time(), abs=60)})


@pytest.mark.parametrize("version", [one for one in RUNS if is_since(one, "0.9.0")], indirect=True)
def test_labels_without_a_version_and_the_shortlist_are_told_as_before(call, expected, home):
    same(call("label", "show", "small"), expected["labels"])
    assert expected["labels"]["labelled"] and expected["labels"]["excluded"]
    same(call("shortlist", "small", "--last"), expected["shortlist"])
