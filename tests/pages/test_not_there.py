"""An address that names what is not there: title first, then one sentence, then a way on; on every page."""

import pytest

from tests.factories import fill
from tests.pages.conftest import link_labels, visit

NAMED = {
    ("runs", "run"): "run",
    ("runs", "runs"): "run",
    ("runs", "dataset"): "dataset",
    ("datasets", "dataset"): "dataset",
    ("models", "dataset"): "dataset",
    ("train", "dataset"): "dataset",
    ("compare", "dataset"): "dataset",
    ("compare", "runs"): "run",
    ("predict", "models"): "model",
    ("predict", "unlabelled"): "dataset",
    ("backbones", "backbone"): "backbone",
    ("board", "runs"): "run",
}
"""Page and parameter of its address: what the parameter names."""
ASIDE = ("No supervisor is running", "test photo")
"""Warnings on other matters."""


def leaves(block):
    """All elements of a page in their order."""
    for one in block.children.values():
        if hasattr(one, "children"):
            yield from leaves(one)
        else:
            yield one


def told(at):
    """The warnings and errors that an address can cause, without markup."""
    said = [one.value.replace("\\", "") for one in (*at.warning, *at.error)]
    return [one for one in said if not one.startswith(ASIDE)]


@pytest.mark.parametrize("runs", [6, 0])
@pytest.mark.parametrize(("page", "parameter"), NAMED)
def test_the_title_comes_first_then_one_sentence_then_a_way_on(bench, page, parameter, runs):
    if runs:
        fill(bench.registry, bench.settings, runs=runs)
    at = visit(page, **{parameter: "nothing-of-that-name"})
    assert not at.exception
    kinds = [one.type for one in leaves(at.main) if one.type in ("title", "error", "warning")]
    assert kinds[0] == "title"
    (sentence,) = told(at)
    assert sentence.startswith(f"There is no {NAMED[page, parameter]}") and "nothing-of-that-name" in sentence
    assert "python -m core" not in sentence and "Choose from" not in sentence and len(sentence) < 150
    assert link_labels(at) or at.selectbox or at.multiselect, "a way on"


@pytest.mark.parametrize(("page", "parameter"), NAMED)
def test_an_address_that_names_what_is_there_says_nothing(filled, page, parameter):
    there = {"dataset": filled.dataset.id, "unlabelled": filled.dataset.id, "backbone": "efficientnet_lite0"}
    at = visit(page, **{parameter: there.get(parameter, filled.with_status("FINISHED")[0].id)})
    assert not at.exception and told(at) == []


def test_a_run_whose_id_is_nearly_right_is_named(filled):
    run = filled.with_status("FINISHED")[0]
    (sentence,) = told(visit("runs", run=run.name.replace(" ", "")))
    assert sentence.endswith(f"Did you mean '{run.id}' ({run.name})?")


def test_on_the_board_the_sentence_stays_while_its_address_is_written_anew(filled):
    at = visit("board", runs=f"r-nothing,{filled.with_status('FINISHED')[0].id}")
    assert len(told(at)) == 1 and "nothing" not in at.query_params["runs"][0]
    assert len(told(at.run())) == 1


def test_of_many_runs_that_are_gone_four_are_named(filled):
    (sentence,) = told(visit("runs", runs=",".join(f"r-gone{number}" for number in range(9))))
    assert sentence.count("There is no run") == 4 and sentence.endswith("And 5 others.")


def test_a_model_of_the_hub_without_its_owner_is_one_sentence(bench):
    at = visit("backbones", add="dinov2-small")
    assert "A model of the hub is named owner/name" in at.error[0].value.replace("\\", "")
