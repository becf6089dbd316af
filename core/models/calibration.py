"""Temperature scaling of a finished run: fitted on its validation predictions, stored with its model, and removable.

Only live prediction applies it. Recorded metrics do not change, and runs built on this one (ensembles,
confidence cascades, stacking) use its raw probabilities, so no temperature is ever applied twice.

The card on disk and the one in the registry change together: the new file is written beside the old one, the registry
is updated, then the new file replaces the old one. ``recover`` completes or discards interrupted changes.
"""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.artifacts.parts import publish_model, quietly
from core.errors import GraftError, InvalidInput, NotFound, Unavailable
from core.files import atomic
from core.files.folders import CARD
from core.files.here import model_here
from core.files.home import features_lock, run_folders, undeleted
from core.files.locks import acquire, try_acquire
from core.models.inference.model_files import CALIBRATION
from core.models.temperature import HIGHEST, LOWEST, fit_temperature, scaled
from core.registry import Registry
from core.runs.metrics import calibration_error, cross_entropy
from core.runs.predictions import Predictions, read_predictions
from core.runs.values import Model, Run, Status
from core.settings import Settings
from core.text.units import count

FEW_PHOTOS = 30
"""Validation photos below which a fitted temperature is chance: with 2 that are predicted correctly it is always the
lowest one, and the test photos' log-loss can be three times as large."""

_STAGED = f".{CARD}.new"


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The effect of a temperature on a run's probabilities.

    Args:
        temperature: above 1 lowers the confidence, below 1 raises it. at: when it was fitted, seconds since 1970.
        photos: validation photos it was fitted on.
        ..._ece_...: expected calibration error, 15 bins; ..._loss_...: mean log-loss; before and after. Validation is
            what it was fitted on; the test photos are only reported, None where their predictions are missing.
    """

    run_id: str
    temperature: float
    at: float
    photos: int
    validation_ece_before: float
    validation_ece_after: float
    validation_loss_before: float
    validation_loss_after: float
    test_ece_before: float | None
    test_ece_after: float | None
    test_loss_before: float | None
    test_loss_after: float | None

    @property
    def caution(self) -> str:
        """Why the temperature may do more harm than good; "" where there is no reason to think so."""
        if self.photos < FEW_PHOTOS:
            return f"Fitted on {count(self.photos, 'photo')}: too few to rely on ({FEW_PHOTOS} are enough)."
        if self.temperature in (LOWEST, HIGHEST):
            return "The validation photos do not determine the temperature: it is at the end of its range."
        return ""


def calibrate(run: Run, registry: Registry, settings: Settings) -> Calibration:
    """Fits the temperature and stores it with the run's model. Fitting again gives the same temperature.

    Raises:
        InvalidInput: the run is not finished, has no model any more, or its validation predictions are damaged.
        NotFound: they are missing. Unavailable: the model's card is missing or damaged.
    """
    _model_of(run, registry)  # refused before anything is read or fitted
    fitted = _fitted(run, read_predictions(run.id, "validation", settings), _test_predictions(run, settings))
    _keep(run, fitted, registry, settings)
    detail = {"run": run.id, "temperature": fitted.temperature, "photos": fitted.photos}
    registry.log("calibrate", detail)
    return fitted


def uncalibrate(run: Run, registry: Registry, settings: Settings) -> None:
    """Removes the temperature: the model predicts uncalibrated probabilities again.

    Raises:
        InvalidInput: the run has no model, or none with a temperature.
    """
    _keep(run, None, registry, settings)
    registry.log("uncalibrate", {"run": run.id})


def calibration_of(model: Model) -> Calibration | None:
    """The calibration on a model's card; None when it has no temperature."""
    entry = model.card.get(CALIBRATION)
    return None if entry is None else _read(model.run_id, entry)


def recover(settings: Settings, registry: Registry) -> None:
    """Completes interrupted changes of cards that the registry has recorded already, and discards the others."""
    for folder in run_folders(settings):
        run_id, staged = folder.run_id, folder.model / _STAGED
        if not staged.exists():
            continue
        lock = try_acquire(_card_lock(run_id, settings))
        if lock is not None:  # else another process is changing it
            with lock:
                _complete(staged, run_id, registry)


# --- what a temperature changes ---


def _fitted(run: Run, validation: Predictions, test: Predictions | None) -> Calibration:
    temperature = fit_temperature(validation.probabilities, validation.labels)
    return Calibration(
        run_id=run.id,
        temperature=temperature,
        at=time.time(),
        photos=len(validation.labels),
        **_metrics("validation", validation, temperature),
        **_metrics("test", test, temperature),
    )


def _metrics(split: str, predictions: Predictions | None, temperature: float) -> dict[str, Any]:
    """Calibration error and loss before and after; all None without predictions."""
    if predictions is None:
        return {f"{split}_{name}_{word}": None for name in ("ece", "loss") for word in ("before", "after")}
    rows = {"before": predictions.probabilities, "after": scaled(predictions.probabilities, temperature)}
    return {
        f"{split}_{name}_{word}": measure(rows[word], predictions.labels)
        for name, measure in (("ece", calibration_error), ("loss", cross_entropy))
        for word in rows
    }


def _entry(fitted: Calibration | None, model: Model) -> dict | None:
    """The entry of the card; ``model_sha256`` is that of the uncalibrated model, which others are built on."""
    if fitted is None:
        return None
    metrics = {name: value for name, value in asdict(fitted).items() if name != "run_id"}
    return metrics | {"model_sha256": model.answers_sha256}


def _read(run_id: str, entry: Mapping[str, Any]) -> Calibration:
    return Calibration(run_id=run_id, **{name: value for name, value in entry.items() if name != "model_sha256"})


def _model_of(run: Run, registry: Registry) -> Model:
    if run.status is not Status.FINISHED:
        raise InvalidInput(f"Only a finished run can be calibrated. Received: {run.id}, which is {run.status}")
    try:
        return registry.model(run.id)
    except NotFound:
        raise InvalidInput(
            f"The model of {run.name} ({run.id}) was deleted, so there is nothing to calibrate. Train it again."
        ) from None


def _test_predictions(run: Run, settings: Settings) -> Predictions | None:
    """Only reported, so their absence is no error."""
    with suppress(GraftError):
        return read_predictions(run.id, "test", settings)
    return None


# --- the two cards ---


def _card_lock(run_id: str, settings: Settings) -> Path:
    return features_lock(settings, f"card-{run_id}")


def _keep(run: Run, fitted: Calibration | None, registry: Registry, settings: Settings) -> None:
    """Writes the calibration to both cards (None removes it), all or nothing; simultaneous changes are serialised."""
    folder = model_here(settings, run.id)
    with acquire(_card_lock(run.id, settings)), undeleted(settings, run.id):
        model = _model_of(run, registry)
        if fitted is None and CALIBRATION not in model.card:
            raise InvalidInput(f"{run.name} ({run.id}) is not calibrated, so there is nothing to take back.")
        entry, staged = _entry(fitted, model), folder / _STAGED
        staged.write_text(json.dumps(_with(_read_card(folder, run.id), entry), indent=1))
        atomic.sync(staged, folder)  # before the registry is updated, so that ``recover`` can complete it
        registry.replace_card(model.id, card=_with(model.card, entry), **_identity(model, staged))
        _publish(staged)
    quietly(lambda: publish_model(settings, registry, registry.run(run.id)))


def _with(card: dict, entry: dict | None) -> dict:
    kept = {name: value for name, value in card.items() if name != CALIBRATION}
    return kept if entry is None else kept | {CALIBRATION: entry}


def _identity(model: Model, staged: Path) -> dict[str, Any]:
    """Digest and size of the model's main file: new ones where that is the card."""
    if Path(model.path).name != CARD:
        return {"sha256": model.sha256, "size_bytes": model.size_bytes}
    return {"sha256": atomic.digest_of(staged), "size_bytes": staged.stat().st_size}


def _read_card(folder: Path, run_id: str) -> dict:
    try:
        return dict(json.loads((folder / CARD).read_text()))
    except FileNotFoundError:
        raise Unavailable(f"The files of the model of run {run_id} are gone. Train it again.") from None
    except (OSError, ValueError) as error:
        raise Unavailable(f"The card of the model of run {run_id} cannot be read ({error}). Train it again.") from None


def _publish(staged: Path) -> None:
    staged.replace(staged.with_name(CARD))
    atomic.sync(staged.parent)


def _complete(staged: Path, run_id: str, registry: Registry) -> None:
    try:
        known = registry.model(run_id).card.get(CALIBRATION)
        if json.loads(staged.read_text()).get(CALIBRATION) == known:
            _publish(staged)
            return
    except (NotFound, ValueError, OSError):
        pass
    staged.unlink(missing_ok=True)
