"""Recipes: available backbones, suggested hyperparameters, grids of recipes."""

from contextlib import suppress
from dataclasses import replace

from core import jobs
from core.backbones import availability, catalogue, is_here
from core.backbones.saved import from_card
from core.backbones.values import Availability, Backbone
from core.comparison.cache import cached
from core.comparison.race import validation_accuracies
from core.datasets.values import Dataset
from core.errors import InvalidInput, NotFound
from core.models.lineage import backbone_of
from core.planning.presets import Preset, Situation, recipes_of_preset
from core.recipes.defaults import usual_for
from core.recipes.grid import GridChoice, InvalidCell, recipes_of
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.runs.values import Status
from core.workbench.base import Bench

LATEST = 200
"""Newest finished runs of a dataset among which a preset finds the best on the validation photos."""

MOST_MODELS = 100
"""Finished models that are offered as backbones beside the catalogue."""


class Recipes(Bench):
    """Backbones, hyperparameters and recipes."""

    def known_backbones(self) -> list[Backbone]:
        """The catalogue, then the backbones that were added, newest first."""
        return [*catalogue(), *(one.backbone for one in self.registry.added_backbones())]

    def backbones(self) -> list[tuple[Backbone, Availability]]:
        """The catalogue, then added backbones and finished models of this home (``source`` begins with ``model:``),
        both newest first.

        Of very many models those of starred runs and the newest; ``backbone`` finds every one by the id of its run.
        """
        known = [(backbone, availability(backbone, self.settings)) for backbone in self.known_backbones()]
        return known + [(backbone, Availability.READY) for backbone in self._saved_backbones()]

    def _saved_backbones(self) -> list[Backbone]:
        """Trained models that are a single network, without those of archived runs."""
        there = self.registry.networks(MOST_MODELS)
        known = [model for model in there if (model.card.get("backbone") or {}).get("row")]
        trained = [model for model in known if model.card["recipe"]["pattern"] != Pattern.CLASSIFIER]
        return [from_card(model.run_id, model.card, self.settings.home / model.path) for model in trained]

    def backbone(self, name: str) -> Backbone:
        """By its name in the catalogue or the one it was added under, or the model of a finished run by the run's id.

        Raises:
            NotFound: there is none. InvalidInput: that run's model is no single network.
        """
        return backbone_of(name, self.registry, self.settings)

    def defaults(
        self, dataset_reference: str, pattern: Pattern = Pattern.INTEGRATED_EXTRACTOR, backbone: str | None = None
    ) -> Hyperparameters:
        """Sensible hyperparameters of a pattern for a dataset of this size (and a backbone of this depth)."""
        found = self.backbone(backbone or catalogue()[0].name)
        return usual_for(self.registry.dataset(dataset_reference), pattern, found)

    def recipes(self, dataset_reference: str, choice: GridChoice | Preset) -> list[Recipe | InvalidCell]:
        """What was chosen, as recipes in the order of the launch; see ``core.recipes.grid`` and
        ``core.planning.presets``. Backbones and runs that do not exist keep the name they were given; the plan of their
        recipes says so.

        Raises:
            NotFound: there is no such dataset.
        """
        dataset = self.registry.dataset(dataset_reference)
        if isinstance(choice, Preset):
            return [*recipes_of_preset(choice, self._situation(dataset))]
        return recipes_of(
            self._resolved(choice),
            defaults=lambda pattern, name: usual_for(dataset, pattern, self._found(name)),
            find=self._found,
        )

    def _situation(self, dataset: Dataset) -> Situation:
        return Situation(
            dataset=dataset,
            backbones=[one for one in catalogue() if is_here(one, self.settings)],
            gpu=_has_gpu(),
            leading=cached(self.registry, ("leading", dataset.id), lambda: self._leading(dataset)),
        )

    def _leading(self, dataset: Dataset) -> list[Recipe]:
        """Recipes of finished runs, the best on the validation photos first: test photos are never used to choose."""
        finished = self.registry.runs(dataset.id, status=Status.FINISHED, limit=LATEST)
        reached = validation_accuracies(finished, self.settings)
        reached |= self.registry.validation_accuracies([run.id for run in finished])
        known = [run for run in finished if run.id in reached]
        return [run.recipe for run in sorted(known, key=lambda run: -reached[run.id])]

    def _resolved(self, choice: GridChoice) -> GridChoice:
        """With the full names of backbones and runs, which may be given by a part of their id or an alias."""
        cells = tuple((self._full_name(name), pattern) for name, pattern in choice.cells)
        cascade = choice.cascade
        if cascade is not None:
            named = [
                self._full_name(member) if member in cascade.backbones else self._run_id(member)
                for member in cascade.members
            ]
            cascade = replace(cascade, members=tuple(named))
        sizes = {self._full_name(name): sizes for name, sizes in choice.sizes.items()}
        return replace(choice, cells=cells, cascade=cascade, sizes=sizes)

    def _full_name(self, backbone: str) -> str:
        with suppress(NotFound, InvalidInput):
            return self.backbone(backbone).name
        return backbone

    def _run_id(self, run: str) -> str:
        with suppress(NotFound, InvalidInput):
            return self.registry.run(run).id
        return run

    def _found(self, backbone: str) -> Backbone | None:
        with suppress(NotFound, InvalidInput):
            return self.backbone(backbone)
        return None


def _has_gpu() -> bool:
    with suppress(InvalidInput):  # GRAFT_GPUS names GPUs that are not there; the supervisor says so
        return any(slot.is_gpu for slot in jobs.discover_slots())
    return False
