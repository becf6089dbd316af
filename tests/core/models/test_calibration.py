"""A temperature makes a model as sure as it is right: fitted on validation, kept with the model, taken back at will."""

import json
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from core.errors import InvalidInput, NotFound, Unavailable
from core.files.atomic import digest_of
from core.files.home import run_folder
from core.files.locks import try_acquire
from core.models import calibration
from core.models.inference.model_files import read_model
from core.models.lineage import weights_digest_of
from core.models.temperature import scaled
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.runs.metrics import calibration_error, cross_entropy
from core.runs.predictions import read_predictions
from core.runs.values import Status


@pytest.fixture
def run(filled):
    return filled.with_status(Status.FINISHED)[0]


def folder_of(bench, run):
    return run_folder(bench.settings, run.id).path / "model"


def card_of(bench, run) -> dict:
    return json.loads((folder_of(bench, run) / "card.json").read_text())


def stored(bench, run, split):
    return read_predictions(run.id, split, bench.settings)


def make_card_the_model(bench, run):
    """As for runs that combine others: no model.keras, the card stands for the model."""
    model = bench.registry.model(run.id)
    path = folder_of(bench, run) / "card.json"
    path.write_text(json.dumps(model.card, indent=1))
    values = {"card": model.card, "sha256": digest_of(path), "size_bytes": path.stat().st_size}
    bench.registry.replace_card(model.id, **values)
    from sqlalchemy import update

    from core.registry.schema import models

    with bench.registry.writing() as connection:
        connection.execute(update(models).values(path=str(path.relative_to(bench.settings.home))))
    return bench.registry.model(run.id)


def test_the_temperature_is_fitted_on_validation_answers_and_only_reported_on_test(bench, run):
    found = bench.calibrate(run.id)
    validation, test = stored(bench, run, "validation"), stored(bench, run, "test")
    after = scaled(validation.probabilities, found.temperature)
    assert found.validation_loss_after == cross_entropy(after, validation.labels) <= found.validation_loss_before
    assert found.validation_ece_before == calibration_error(validation.probabilities, validation.labels)
    assert found.test_ece_after == calibration_error(scaled(test.probabilities, found.temperature), test.labels)
    assert found.photos == len(validation.labels)
    other = replace(test, probabilities=np.roll(test.probabilities, 1, axis=1))
    other.write(run_folder(bench.settings, run.id).path / "test.npz")
    assert bench.calibrate(run.id).temperature == found.temperature, "the test photos have no say"


def test_few_photos_and_a_temperature_at_the_end_of_its_range_are_a_caution(bench, run):
    fitted = bench.calibrate(run.id)
    few, enough = replace(fitted, photos=29), replace(fitted, photos=30, temperature=1.3)
    assert few.caution == "Fitted on 29 photos: too few to rely on (30 are enough)." and not enough.caution
    assert "end of its range" in replace(enough, temperature=calibration.LOWEST).caution


def test_it_is_kept_on_both_cards_and_read_back_as_it_was(bench, run):
    assert bench.calibration(run.id) is None
    found = bench.calibrate(run.id)
    assert bench.calibration(run.id) == found
    assert card_of(bench, run)["calibration"] == bench.registry.model(run.id).card["calibration"]
    assert bench.registry.log_entries()[0].action == "calibrate"


def test_taking_it_back_leaves_every_byte_as_before(bench, run):
    model = make_card_the_model(bench, run)
    before = (folder_of(bench, run) / "card.json").read_bytes()
    bench.calibrate(run.id)
    assert (folder_of(bench, run) / "card.json").read_bytes() != before
    bench.uncalibrate(run.id)
    assert (folder_of(bench, run) / "card.json").read_bytes() == before
    assert bench.registry.model(run.id) == model
    assert bench.calibration(run.id) is None
    assert bench.registry.log_entries()[0].action == "uncalibrate"
    with pytest.raises(InvalidInput, match="is not calibrated"):
        bench.uncalibrate(run.id)


def test_where_the_card_is_the_model_digest_and_size_follow_it(bench, run):
    before = make_card_the_model(bench, run)
    bench.calibrate(run.id)
    model, path = bench.registry.model(run.id), folder_of(bench, run) / "card.json"
    assert model.sha256 == digest_of(path) != before.sha256
    assert model.size_bytes == path.stat().st_size


def test_what_is_built_on_a_run_does_not_change_when_it_is_calibrated(bench, run):
    make_card_the_model(bench, run)
    stacked = Recipe(
        backbone="efficientnet_lite0", pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=(run.id,)
    )
    before = weights_digest_of(stacked, bench.registry, bench.settings)
    bench.calibrate(run.id)
    assert weights_digest_of(stacked, bench.registry, bench.settings) == before
    bench.calibrate(run.id)
    assert weights_digest_of(stacked, bench.registry, bench.settings) == before, "however often"


def test_what_was_measured_stays_as_it_was_measured(bench, run):
    evaluation, test = bench.registry.evaluation(run.id), stored(bench, run, "test").probabilities
    bench.calibrate(run.id)
    assert bench.registry.evaluation(run.id) == evaluation
    assert (stored(bench, run, "test").probabilities == test).all()


def test_calibrating_again_starts_from_the_raw_answers(bench, run):
    assert bench.calibrate(run.id).temperature == bench.calibrate(run.id).temperature


def test_a_run_that_is_not_finished_is_refused(bench, run):
    running = bench.registry.runs(status=Status.RUNNING)[0]
    with pytest.raises(InvalidInput, match="Only a finished run can be calibrated.*RUNNING"):
        bench.calibrate(running.id)


def test_a_run_without_weights_gets_one_sentence(bench, run):
    bench.delete_weights([run.id])
    with pytest.raises(InvalidInput, match="was deleted, so there is nothing to calibrate"):
        bench.calibrate(run.id)
    assert bench.calibration(run.id) is None


def test_a_run_without_validation_answers_gets_one_sentence(bench, run):
    (run_folder(bench.settings, run.id).path / "validation.npz").unlink()
    with pytest.raises(NotFound, match="has no predictions for the validation photos"):
        bench.calibrate(run.id)
    assert bench.calibration(run.id) is None


def test_a_run_whose_test_answers_are_gone_is_calibrated_all_the_same(bench, run):
    (run_folder(bench.settings, run.id).path / "test.npz").unlink()
    found = bench.calibrate(run.id)
    assert found.test_ece_before is found.test_loss_after is None
    assert found.validation_loss_after <= found.validation_loss_before


def test_a_run_whose_files_are_gone_gets_one_sentence(bench, run):
    (folder_of(bench, run) / "card.json").unlink()
    with pytest.raises(Unavailable, match="files of the model .* are gone"):
        bench.calibrate(run.id)


def test_nobody_deletes_while_both_cards_are_changed(bench, run, monkeypatch):
    """A model that went half way through would leave a draft of its card, or a card without a file."""
    read, seen = calibration._read_card, []

    def reading(folder, run_id):
        assert try_acquire(bench.settings.home / "deletion.lock") is None
        seen.append(run_id)
        return read(folder, run_id)

    monkeypatch.setattr(calibration, "_read_card", reading)
    bench.calibrate(run.id)
    assert seen == [run.id]
    assert bench.delete_weights([run.id]).models == 1


def test_an_unknown_run_is_said_so(bench):
    with pytest.raises(NotFound):
        bench.calibration("r-nobody")


def test_what_another_process_put_on_the_card_before_our_turn_stays(bench, run, monkeypatch):
    wait = calibration.acquire

    @contextmanager
    def after_somebody_else(path):
        with wait(path):
            model = bench.registry.model(run.id)
            card = model.card | {"note": "of somebody else"}
            bench.registry.replace_card(model.id, card=card, sha256=model.sha256, size_bytes=model.size_bytes)
            (folder_of(bench, run) / "card.json").write_text(json.dumps(card))
            yield

    monkeypatch.setattr(calibration, "acquire", after_somebody_else)
    bench.calibrate(run.id)
    for card in (card_of(bench, run), bench.registry.model(run.id).card):
        assert card["note"] == "of somebody else" and "calibration" in card


def test_a_temperature_that_was_just_taken_back_elsewhere_is_not_taken_back_again(bench, run, monkeypatch):
    bench.calibrate(run.id)
    wait = calibration.acquire

    @contextmanager
    def after_somebody_else(path):
        monkeypatch.setattr(calibration, "acquire", wait)
        bench.uncalibrate(run.id)
        with wait(path):
            yield

    monkeypatch.setattr(calibration, "acquire", after_somebody_else)
    with pytest.raises(InvalidInput, match="is not calibrated"):
        bench.uncalibrate(run.id)


# --- killed in the middle ---


def killed_before(monkeypatch, step):
    def die(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(*step, die)


def test_killed_before_the_registry_knew_nothing_was_done(bench, run, monkeypatch):
    make_card_the_model(bench, run)
    with monkeypatch.context() as patch:
        killed_before(patch, (type(bench.registry), "replace_card"))
        with pytest.raises(KeyboardInterrupt):
            bench.calibrate(run.id)
    calibration.recover(bench.settings, bench.registry)
    assert "calibration" not in card_of(bench, run)
    assert bench.calibration(run.id) is None
    assert sorted(path.name for path in folder_of(bench, run).glob(".*")) == []


def test_killed_after_the_registry_knew_it_is_completed(bench, run, monkeypatch):
    make_card_the_model(bench, run)
    with monkeypatch.context() as patch:
        killed_before(patch, (calibration, "_publish"))
        with pytest.raises(KeyboardInterrupt):
            bench.calibrate(run.id)
    assert "calibration" not in card_of(bench, run)
    calibration.recover(bench.settings, bench.registry)
    assert card_of(bench, run)["calibration"] == bench.registry.model(run.id).card["calibration"]
    assert bench.registry.model(run.id).sha256 == digest_of(folder_of(bench, run) / "card.json")


def test_somebody_elses_half_done_change_is_left_alone(bench, run, monkeypatch):
    found = []

    def open_elsewhere(staged):
        calibration.recover(bench.settings, bench.registry)
        found.append(staged.exists())
        raise KeyboardInterrupt

    monkeypatch.setattr(calibration, "_publish", open_elsewhere)
    with pytest.raises(KeyboardInterrupt):
        bench.calibrate(run.id)
    assert found == [True]


# --- live prediction ---


def test_live_prediction_reads_the_temperature_of_the_card(bench, run, monkeypatch):
    assert read_model(folder_of(bench, run)).temperature == 1.0
    found = bench.calibrate(run.id)
    assert read_model(folder_of(bench, run)).temperature == found.temperature


@pytest.mark.parametrize("wrong", [0, -1, "warm", float("nan"), float("inf"), [2]])
def test_a_card_with_an_impossible_temperature_is_not_believed(bench, run, wrong):
    path = folder_of(bench, run) / "card.json"
    path.write_text(json.dumps(card_of(bench, run) | {"calibration": {"temperature": wrong}}))
    with pytest.raises(Unavailable, match="cannot be read"):
        read_model(folder_of(bench, run))
