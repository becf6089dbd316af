"""Taking a model home: exporting it in the background, copying what was exported, importing a bundle.

An export runs in a process of its own (``core.exports.background``), from the pages and the command line alike.
"""

import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.errors import Conflict, InvalidInput, NoSpace, NotFound, Unavailable
from core.exports import background
from core.exports.background import ExportState
from core.exports.formats import FORMATS, Format
from core.exports.importing import import_bundle
from core.files import atomic
from core.files.here import export_here
from core.files.home import dataset_folder, uploads_folder
from core.jobs.quota import require_quota
from core.people.acting import Role, require
from core.recipes.patterns import Pattern
from core.runs.values import Model, Run
from core.workbench.base import Bench


@dataclass(frozen=True, kw_only=True)
class ExportOffer:
    """One format of a model, and whether it can be had.

    Args:
        state: of its export. impossible: why this model has no form in it, one sentence; "" where it may have one.
    """

    state: ExportState
    impossible: str = ""

    @property
    def format(self) -> Format:
        return self.state.format


class Exporting(Bench):
    """Exports of models, and models from elsewhere."""

    def export_offers(self, reference: str) -> list[ExportOffer]:
        """Every format, with the state of its export. ``reference``: a run, a model or ``dataset@alias``."""
        model = self.registry.model(reference)
        states = background.export_states(model, settings=self.settings)
        return [ExportOffer(state=state, impossible=self._impossible(model, state.format)) for state in states]

    def export(self, reference: str, format: Format) -> ExportState:
        """The export of a model to a format; started in the background where it is not there already.

        Raises:
            NotFound: there is no such model. InvalidInput: it has no form in this format.
            OverQuota: the owner of the run stores as much as each person may.
        """
        require(Role.TRAINER, "Exporting a model")
        model = self.registry.model(reference)
        state = background.export_state(model, format, settings=self.settings)
        if state.is_active or state.state == "ready":
            return state
        if reason := self._impossible(model, format):
            raise InvalidInput(reason)
        owner = self.registry.run(model.run_id).owner
        require_quota(self.settings, self.registry, owner=owner, begun="exported")
        background.start_export(model.run_id, format, settings=self.settings)
        self.registry.log("export", {"run": model.run_id, "format": str(format)})
        return background.export_state(model, format, settings=self.settings)

    def export_state(self, reference: str, format: Format) -> ExportState:
        """How far the export of a model to a format is."""
        return background.export_state(self.registry.model(reference), format, settings=self.settings)

    def cancel_export(self, reference: str, format: Format) -> None:
        """Stop the export of a model to a format before its next step."""
        require(Role.TRAINER, "Stopping an export")
        background.cancel_export(self.settings, self.registry.model(reference).run_id, format)

    def exported(self, reference: str, format: Format) -> Path:
        """The folder of a finished export.

        Raises:
            NotFound: there is none. Unavailable: it was refused, failed, or is outdated.
        """
        model = self.registry.model(reference)
        state = background.export_state(model, format, settings=self.settings)
        if state.state == "ready":
            return export_here(self.settings, model.run_id, format)
        title = FORMATS[format].title
        if state.message:
            raise Unavailable(f"{title} is not offered for this model. {state.message}")
        raise NotFound(f"The model of run {model.run_id} has no current export to {title}. Export it first.")

    def take_export(self, reference: str, format: Format, target: Path) -> Path:
        """Copies a finished export into the folder ``target``; a bundle is one file, the others a folder.

        Raises:
            NotFound, Unavailable: as ``exported``, or ``target`` cannot be written. Conflict: it is there already.
        """
        source, run_id = self.exported(reference, format), self.registry.model(reference).run_id
        name = f"{run_id}-{format}"
        place = target / (f"{name}.zip" if format is Format.BUNDLE else name)
        if place.exists():
            raise Conflict(f"{str(place)[-200:]} exists already. Choose another folder, or remove it.")
        try:
            target.mkdir(parents=True, exist_ok=True)
            if format is Format.BUNDLE:
                with atomic.replacing(place) as draft:
                    shutil.copyfile(source / FORMATS[format].file, draft)
            else:
                shutil.copytree(source, place)
        except OSError as error:
            raise Unavailable(f"{str(place)[-200:]} cannot be written ({error.strerror}).") from None
        return place

    def export_download(self, reference: str, format: Format) -> tuple[str, IO[bytes]]:
        """File name and open file of a finished export as one ZIP; the caller closes it. It is written to the disk and
        has no name there, so that nothing is left when it is closed.

        Raises:
            NotFound, Unavailable: as ``exported``. NoSpace: the disk is full.
        """
        run_id = self.registry.run_of_model(reference)
        with self.unless_deleted([run_id]):
            return self._download(run_id, format)

    def _download(self, run_id: str, format: Format) -> tuple[str, IO[bytes]]:
        source, name = self.exported(run_id, format), f"{run_id}-{format}"
        if format is Format.BUNDLE:
            return f"{name}.zip", (source / FORMATS[format].file).open("rb")
        if not (files := _files(source)):
            raise Unavailable(f"The files of {name} are gone. Export it again.")
        file: IO[bytes] = tempfile.TemporaryFile(dir=uploads_folder(self.settings))  # noqa: SIM115
        try:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # weights hardly compress
                for path in files:
                    archive.write(path, Path(name) / path.relative_to(source))
            file.seek(0)
        except OSError as error:
            file.close()
            raise NoSpace(f"The ZIP of {name} could not be written: {error.strerror or error}.") from None
        return f"{name}.zip", file

    def import_model(self, path: str | Path) -> Run:
        """Adds the model of a bundle that another Graft exported; see ``core.exports.importing``."""
        require(Role.TRAINER, "Importing a model")
        require_quota(self.settings, self.registry, begun="imported")
        return import_bundle(Path(path).expanduser(), settings=self.settings, registry=self.registry)

    def _impossible(self, model: Model, format: Format) -> str:
        """What is known before anything is computed."""
        if not format.runs:
            return ""
        run = self.registry.run(model.run_id)
        kinds = {Path(str(one["file"])).suffix for one in model.card.get("engines", ())} - {".npz"}
        if ".onnx" in kinds and (format is not Format.ONNX or ".tflite" in kinds):
            other = "Take the bundle." if ".tflite" in kinds else "Take it as ONNX."
            return f"It has an ONNX network, which has no form in {FORMATS[format].title}. {other}"
        if format is not Format.LITERT and run.recipe.pattern is Pattern.QUANTIZATION:
            return "Its networks are LiteRT files of fewer bits, which have no form in Keras. Take it as LiteRT."
        if not model.path.endswith(".keras") and format is not Format.LITERT and ".onnx" not in kinds:
            missing = set(run.recipe.runs) - self.registry.having_model(run.recipe.runs)
            if missing:
                return (
                    f"It combines the models of other runs, and {min(missing)} is not here any more. Take it as LiteRT."
                )
        if dataset_folder(self.settings, model.dataset_id).lacks_photos:
            return "Its test photos are not in this home, so an export could not be checked. Take the bundle."
        return ""


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]
