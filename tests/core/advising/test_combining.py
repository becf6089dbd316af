"""Advice on combinations from the finished runs of a home."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.advising.combining import advise_combination, launched_run
from core.advising.ensembles import CombinationBudget
from core.errors import InvalidInput
from core.files.home import run_folder
from core.recipes.patterns import Cascade
from tests.factories import fill


@pytest.fixture
def dataset(filled):
    return filled.dataset


@pytest.fixture
def advise(dataset, registry, settings):
    def advise(**budget):
        return advise_combination(dataset, CombinationBudget(**budget), registry=registry, settings=settings)

    return advise


@pytest.fixture
def say(settings):
    """Writes what a run predicts for the validation photos: everything but ``wrong`` correctly."""

    def say(run_id: str, wrong) -> None:
        path = run_folder(settings, run_id).predictions("validation")
        with np.load(path) as file:
            known = {name: file[name] for name in file.files}
        named = known["labels"].copy()
        named[list(wrong)] = (named[list(wrong)] + 1) % 4
        known["probabilities"] = np.full((len(named), 4), 0.1)
        known["probabilities"][np.arange(len(named)), named] = 0.7
        np.savez(path, **known)

    return say


@pytest.fixture
def different(finished, say) -> list[str]:
    """Four runs; each errs on a photo of its own."""
    for number, run_id in enumerate(finished):
        say(run_id, [number])
    return finished


def test_an_ensemble_is_advised_where_runs_err_on_different_photos(different, advise):
    found = advise()
    assert found.is_combination and found.chosen.cascade is Cascade.ENSEMBLE and found.chosen.accuracy == 1
    assert found.single.correct == found.photos - 1 == len(found.chosen.right) - 1
    only_this, only_single, p_value = found.against_single(found.chosen)
    assert (only_this, only_single) == (1, 0) and p_value == 1
    assert found.runs == 4 and found.notes == ()


def test_where_no_combination_is_better_the_single_run_is_the_answer(finished, say, advise):
    for run_id in finished:
        say(run_id, [0, 1])
    found = advise()
    assert not found.is_combination and found.chosen is found.single and found.others
    assert found.against_single(found.single) is None


def test_test_photos_are_not_read(different, advise, settings):
    for run_id in different:
        run_folder(settings, run_id).predictions("test").unlink()
    assert advise().is_combination


def test_archived_and_all_other_finished_runs_are_considered(different, advise, registry):
    registry.mark(different[:1], archived=True)
    assert advise().runs == 4


def test_files_that_models_share_count_once(different, advise, registry, settings):
    alone = max(run.size_bytes for run in (advise().single,))
    folders = [run_folder(settings, run_id).model for run_id in different]
    for run_id, folder in zip(different, folders, strict=True):
        model = registry.model(run_id)
        card = json.loads((folder / "card.json").read_text())
        card["engines"][0]["sha256"] = "5" * 64
        registry.replace_card(model.id, card=card, sha256=model.sha256, size_bytes=model.size_bytes)
    chosen = advise().chosen
    network = (folders[0] / "prefix.tflite").stat().st_size
    assert chosen.size_bytes < len(chosen.run_ids) * alone - (len(chosen.run_ids) - 1) * (network - 100)
    assert chosen.milliseconds < sum(registry.cost(run_id).ms_per_photo for run_id in chosen.run_ids)


def test_what_cannot_be_combined_is_left_out_and_named(different, advise, registry, settings):
    run_folder(settings, different[0]).predictions("validation").unlink()
    registry.delete_models_of(different[1:2])
    found = advise()
    assert found.runs == 2 and set(found.names) == set(different[2:])
    assert found.notes == (
        "1 run left out: it has no model any more.",
        "1 run left out: it has no predictions for the validation photos.",
    )


def test_predictions_for_other_photos_are_left_out(different, advise, settings):
    path = run_folder(settings, different[0]).predictions("validation")
    with np.load(path) as file:
        known = {name: file[name] for name in file.files}
    np.savez(path, **known | {"digests": np.array([f"other {digest}" for digest in known["digests"]])})
    assert advise().runs == 3


def test_a_damaged_file_is_left_out(different, advise, settings):
    run_folder(settings, different[0]).predictions("validation").write_bytes(b"no arrays")
    assert advise().runs == 3


def test_a_budget_below_every_run_names_the_fastest_and_the_smallest(different, advise):
    with pytest.raises(InvalidInput, match=r"No run fits into 1.0 ms: the fastest, .+, takes 8.4 ms a photo and"):
        advise(most_ms=1.0)
    with pytest.raises(InvalidInput, match=r"No run fits into 2.0 kB: the smallest, .+, has \d+ kB and takes 8.4 ms"):
        advise(most_mb=0.002)


def test_one_run_alone_is_the_answer(registry, settings):
    dataset = fill(registry, settings, runs=1, name="alone").dataset
    found = advise_combination(dataset, CombinationBudget(), registry=registry, settings=settings)
    assert not found.is_combination and found.others == ()
    assert "alone has one run to choose from; two can be combined." in found.notes


def test_runs_of_another_version_are_not_used_and_that_is_said(filled, registry, settings):
    second = fill(registry, settings, runs=0).dataset
    assert second.version == 2
    with pytest.raises(InvalidInput, match="of flowers version 2 can be combined: train some first. 4 runs of other"):
        advise_combination(second, CombinationBudget(), registry=registry, settings=settings)


def test_without_validation_photos_nothing_can_be_chosen(dataset, registry, settings):
    counts = dataset.counts | {"validation": dict.fromkeys(dataset.class_names, 0)}
    bare = replace(dataset, id="d-bare0001", name="bare", counts=counts)
    registry.add_dataset(bare, [one for one in registry.photos(dataset.id) if one.split != "validation"])
    with pytest.raises(InvalidInput, match="bare version 1 has no validation photos to choose by"):
        advise_combination(bare, CombinationBudget(), registry=registry, settings=settings)


def test_a_combination_that_was_evaluated_is_found_and_is_no_member(different, advise, bench, dataset, registry):
    offer = advise().chosen
    assert launched_run(offer, dataset.id, registry) is None
    _, run = bench.launch_offer(offer)
    assert launched_run(offer, dataset.id, registry).id == run.id
    again = advise()
    assert again.chosen.run_ids == offer.run_ids and run.id not in again.names
    assert again.notes == ("1 run left out: it combines other runs.",)
    assert launched_run(again.single, dataset.id, registry).id == again.single.run_ids[0]
    assert bench.launch_offer(offer)[1].id == run.id
    with pytest.raises(InvalidInput, match="Only an ensemble or a cascade can be launched"):
        bench.launch_offer(again.single)
