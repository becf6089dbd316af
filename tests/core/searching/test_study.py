"""Optuna's study of a search, in a file that outlives its process."""

import subprocess
import sys

import pytest

from core.searching.study import BEFORE_PRUNING, NOTE, PARTS, WARM_UP, RecipeStudy
from core.settings import REPOSITORY


@pytest.fixture
def study(tmp_path):
    return RecipeStudy(tmp_path / "study.db", ["one", "two"])


def ask(study):
    trial = study.ask()
    trial.suggest_categorical("backbone", study.backbones)
    return trial


def finish(study, curve):
    number = ask(study).number
    study.falls_behind(number, curve, len(curve))
    study.finished(number, max(curve))


def test_it_keeps_its_backbones_and_what_was_noted(study, tmp_path):
    trial = ask(study)
    study.note(trial.number, {"number": 1, "fingerprint": "f"})
    again = RecipeStudy(tmp_path / "study.db", ["other"])
    assert again.backbones == ["one", "two"] and not again.has_begun
    assert again.notes() == [{"number": 1, "fingerprint": "f"}]
    (left,) = again.unfinished()
    assert left.number == trial.number and left.user_attrs[NOTE]["number"] == 1


def test_the_first_recipes_come_in_order_and_each_once(study):
    for name in ("two", "one", "two"):
        study.enqueue({"backbone": name}, "preset")
    study.begin()
    found = [ask(study) for _ in range(3)]
    assert [one.params["backbone"] for one in found[:2]] == ["two", "one"] and study.has_begun
    assert [study.proposed(one) for one in found] == ["preset", "preset", "Optuna"]


def test_after_going_on_other_recipes_are_proposed(study, tmp_path):
    def numbers(one):
        trial = one.ask()
        found = trial.suggest_float("x", 0, 1)
        one.finished(trial.number, found)
        return found

    first = [numbers(study) for _ in range(3)]
    again = RecipeStudy(tmp_path / "study.db", [])
    assert not set(first) & {numbers(again) for _ in range(3)}


def test_a_curve_is_compared_at_the_same_part_of_its_training(study):
    """Trials of 10 epochs reach 0.9, one of 20 epochs only 0.5: after three fifths of its own epochs it is behind."""
    for _ in range(BEFORE_PRUNING):
        finish(study, [0.9] * 10)
    number = ask(study).number
    before = -(-20 * WARM_UP // PARTS) - 1
    assert not study.falls_behind(number, [0.5] * before, 20)
    assert study.falls_behind(number, [0.5] * (before + 1), 20)


def test_a_good_curve_and_the_first_ones_are_not_pruned(study):
    for _ in range(BEFORE_PRUNING - 1):
        finish(study, [0.9] * 10)
    assert not study.falls_behind(ask(study).number, [0.1] * 10, 10)
    finish(study, [0.9] * 10)
    assert not study.falls_behind(ask(study).number, [0.2] * 5 + [0.95] * 5, 10)


def test_proposals_without_a_run_are_counted(study):
    study.failed(ask(study).number)
    study.finished(ask(study).number, 0.5)
    kept = ask(study).number
    study.note(kept, {"number": 1})
    study.failed(kept)
    study.pruned(ask(study).number)
    assert study.left_out() == 2


def test_optuna_stays_out_of_every_other_process():
    """It is imported by the process of the search alone: not by the pages, the command line, or what they import."""
    code = "import sys, core.cli.parser, core.web.train.search_card, core.searching.search_process as p; "
    code += "sys.exit('optuna' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0
