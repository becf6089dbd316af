"""Datasets and their stored features: importing photos, listing and exporting features."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.backbones.inputs import with_input
from core.backbones.token_network import Pooling
from core.backbones.values import Backbone
from core.datasets import ImportProgress
from core.datasets.decoding.fit import Fit
from core.datasets.decoding.identity import Copies, copies_in
from core.datasets.decoding.photos import StoredPhoto
from core.datasets.names import quoted
from core.datasets.pool import pool_of, pool_path
from core.datasets.values import Dataset, Photo, UnlabelledPhoto
from core.errors import InvalidInput, NotFound
from core.features.parquet import export_parquet
from core.features.store import StoredFeatures, stored_features
from core.files.here import dataset_here
from core.files.home import dataset_folder, run_folder
from core.jobs import imports
from core.models.lineage import backbone_of, backbones_of
from core.recipes.program import PREDICTIONS, TOP, Part, cuts_of, pooled, program_of
from core.runs.values import Run
from core.text.units import count, listed
from core.workbench.base import Bench

_copies: dict[tuple[Path, str], tuple[Copies, ...]] = {}


@dataclass(frozen=True, kw_only=True)
class FeatureRow:
    """One stored array, with the names of its dataset and source.

    Args:
        dataset_id, dataset: "" and the beginning of the digest where the dataset was deleted.
        title: of the backbone or run.
    """

    dataset_id: str
    dataset: str
    title: str
    stored: StoredFeatures

    def to_dict(self) -> dict:
        """For ``--json``."""
        stored, key = self.stored, self.stored.key
        return {
            "dataset_id": self.dataset_id,
            "dataset": self.dataset,
            "source": stored.source,
            "title": self.title,
            "size": key.size,
            "fit": key.fit,
            "pooling": key.pooling,
            "cut": key.cut,
            "split": key.split,
            "view": key.view,
            "seed": key.seed,
            "rows": stored.rows,
            "bytes": stored.bytes,
            "used_at": stored.used_at,
            "mb": stored.bytes / 1e6,
            "mb_per_1000_photos": stored.bytes / max(stored.rows, 1) / 1e3,
        }


class Importing(Bench):
    """Importing photos, and the stored features of a dataset."""

    def import_photos(
        self,
        source: str | Path,
        name: str | None = None,
        *,
        seed: int = 0,
        layout: str | None = None,
        encoding: str | None = None,
        progress: Callable[[ImportProgress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> tuple[Dataset, Dataset | None]:
        """Import an archive, a folder on this machine or ``"demo"`` now; see ``run_import``."""
        return imports.run_import(
            source,
            settings=self.settings,
            registry=self.registry,
            name=name,
            seed=seed,
            layout=layout,
            encoding=encoding,
            progress=progress,
            cancelled=cancelled,
        )

    def photo_path(self, dataset_id: str, digest: str) -> Path:
        """The stored JPEG of a photo."""
        return dataset_here(self.settings, dataset_id).photo(digest)

    def copies(self, dataset_id: str) -> tuple[Copies, ...]:
        """The photos of a dataset that are one, which only datasets imported before 0.5.0 have.

        Found once a process, since a dataset does not change.
        """
        key = self.settings.home, dataset_id
        if key not in _copies:
            recorded = self.registry.has_recorded_pixels(dataset_id)
            folder = dataset_here(self.settings, dataset_id)
            _copies[key] = () if recorded else copies_in(self.registry.photos(dataset_id), folder.photo)
        return _copies[key]

    def leaks(self, dataset_id: str) -> int:
        """Photos of a dataset that are in several of its splits."""
        return sum(one.is_leak for one in self.copies(dataset_id))

    def unlabelled_path(self, dataset_id: str, digest: str) -> Path:
        """The stored JPEG of a photo without a class: of the import, or added since."""
        return pool_path(dataset_here(self.settings, dataset_id), digest)

    def stored_photo(self, dataset_id: str, photo: Photo) -> StoredPhoto:
        """A photo of a dataset as it is stored.

        Raises:
            NotFound: its file is gone.
        """
        return _stored(self.photo_path(dataset_id, photo.digest), photo)

    def unlabelled_photo(self, dataset_id: str, photo: UnlabelledPhoto) -> StoredPhoto:
        """A photo without a class as it is stored.

        Raises:
            NotFound: its file is gone.
        """
        return _stored(self.unlabelled_path(dataset_id, photo.digest), photo)

    def features(self) -> list[FeatureRow]:
        """All stored features, by dataset, source, cut, split and view."""
        named = {one.digest: (one.id, f"{one.name} version {one.version}") for one in self.registry.datasets()}
        stored = sorted(stored_features(self.settings), key=_order)
        if any(one.key.dataset not in named for one in stored):
            named = self._pools() | named
        return [self._feature_row(one, *named.get(one.key.dataset, ("", ""))) for one in stored]

    def _pools(self) -> dict[str, tuple[str, str]]:
        """Ids of datasets and names by the digests of the parts of their pools."""
        found = {}
        for dataset in self.registry.datasets():
            name = f"{dataset.name} version {dataset.version}, photos without a class"
            with suppress(NotFound):  # its folder is on another machine
                for part in pool_of(dataset_folder(self.settings, dataset.id)):
                    found[part.digest] = (dataset.id, name)
        return found

    def _feature_row(self, stored: StoredFeatures, dataset_id: str, name: str) -> FeatureRow:
        return FeatureRow(
            dataset_id=dataset_id,
            dataset=name or f"{stored.key.dataset[:8]} (deleted)",
            title=self._title(stored.source),
            stored=stored,
        )

    def _title(self, source: str) -> str:
        """The title of a backbone or a run; its id where it was deleted."""
        try:
            return backbone_of(source, self.registry, self.settings).title
        except (NotFound, InvalidInput):
            return source

    def export_features(
        self,
        dataset_reference: str,
        backbone: str,
        target: Path,
        *,
        cut: str = TOP,
        size: int = 0,
        fit: Fit | None = None,
        pooling: Pooling = Pooling.OWN,
    ) -> int:
        """Write the stored features of a dataset, backbone, input and cut to one Parquet file; returns the number of
        rows.

        Args:
            size, fit: of the backbone's input; its own by default. pooling: of tokens.

        Raises:
            InvalidInput: there is no such cut or size, or its features are maps. NotFound: nothing is stored.
        """
        row = with_input(backbone_of(backbone, self.registry, self.settings), size, fit, pooling)
        return self._exported(self.registry.dataset(dataset_reference), row, target, cut)

    def _exported(self, dataset: Dataset, backbone: Backbone, target: Path, cut: str) -> int:
        return export_parquet(
            target,
            self.registry.photos(dataset.id),
            dataset=dataset,
            backbone=backbone,
            settings=self.settings,
            cut=cut,
        )

    def features_parquet(self, run_id: str) -> Path:
        """Write the features a run was trained on to one Parquet file in its folder.

        Raises:
            InvalidInput: it was not trained on vectors. NotFound: they are no longer stored.
        """
        run = self.registry.run(run_id)
        backbones = backbones_of(run.recipe, self.registry, self.settings)
        part = self._columns(run, backbones)
        target = run_folder(self.settings, run.id).features
        self._exported(self.registry.dataset(run.dataset_id), backbones[part.source], target, part.cut)
        return target

    def _columns(self, run: Run, backbones: Mapping[str, Backbone]) -> Part:
        """The first vectors among a run's inputs."""
        if run.recipe.backbones:
            program = program_of(run.recipe, backbones[run.recipe.backbone].blocks)
            parts = [part for stage in program.stages for part in stage.inputs] + list(program.inputs)
            vectors = [part for part in parts if pooled(part.cut) and part.cut != PREDICTIONS]
            if vectors and len(cuts := cuts_of(vectors[0].cut)) > 1:
                raise InvalidInput(
                    f"{run.name} ({run.id}) learned from the features of {count(len(cuts), 'cut')}, each of which is a "
                    f"file of its own: export {listed(cuts)} one by one."
                )
            if vectors:
                return vectors[0]
        raise InvalidInput(
            f"{run.name} ({run.id}) learned from no features that fit into columns: only what sees pooled features has "
            "them (an extractor, a classifier, the head of a fine-tuning, a fusion)."
        )


def _order(stored: StoredFeatures) -> tuple:
    key = stored.key
    return key.dataset, stored.source, key.size, key.fit, key.pooling, key.cut, key.split, key.view, key.seed


def _stored(path: Path, photo: Photo | UnlabelledPhoto) -> StoredPhoto:
    try:
        jpeg = path.read_bytes()
    except OSError as error:
        raise NotFound(f"The stored photo {quoted(photo.file)} cannot be read: {error.strerror}.") from None
    return StoredPhoto(jpeg=jpeg, width=photo.width, height=photo.height)
