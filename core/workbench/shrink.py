"""Smaller models: quantizations and distillations of a finished run, and what they save and lose."""

from collections.abc import Sequence
from contextlib import suppress

from core.backbones import Backbone
from core.comparison.non_inferiority import MOST_LOSS, NonInferiority, non_inferiority
from core.comparison.smaller import SmallerModel
from core.errors import GraftError
from core.files.folders import KERAS_MODEL
from core.files.here import model_here
from core.planning.decide import Plan
from core.planning.grid_plan import GridPlan
from core.recipes.defaults import usual_for
from core.recipes.hyperparameters import Hyperparameters, Precision
from core.recipes.patterns import FROM_A_RUN, Pattern
from core.recipes.recipe import Recipe
from core.runs.predictions import Predictions, read_predictions
from core.runs.values import Model, Run, Status
from core.workbench.forecasts import free_slots
from core.workbench.launch import Launching


class Shrinking(Launching):
    """Making the model of a run smaller."""

    def shrink_plan(
        self, run_id: str, precisions: Sequence[Precision] = tuple(Precision), students: Sequence[str] = ()
    ) -> GridPlan:
        """What making the model of a run smaller would do. Changes nothing.

        Args:
            precisions: one quantization each. students: backbones, each of which learns what the run predicts
                (distillation), with the hyperparameters suggested for a head.
        """
        run = self.registry.run(run_id)
        recipes = [_quantization(run, precision) for precision in dict.fromkeys(precisions)]
        recipes += [self._distillation(run, self.backbone(name)) for name in dict.fromkeys(students)]
        return self._planner(run.dataset_id).grid(recipes, slots=free_slots())

    def shrink(
        self, run_id: str, precisions: Sequence[Precision] = tuple(Precision), students: Sequence[str] = ()
    ) -> list[tuple[Plan, Run]]:
        """Makes the model of a finished run smaller, as ``shrink_plan`` says; what was done before is reused.

        Raises:
            InvalidInput: none of it is possible.
        """
        return self.launch_grid(self.shrink_plan(run_id, precisions, students))

    def _distillation(self, teacher: Run, backbone: Backbone) -> Recipe:
        usual = usual_for(self.registry.dataset(teacher.dataset_id), Pattern.DISTILLATION, backbone)
        return Recipe(
            backbone=backbone.name, pattern=Pattern.DISTILLATION, members=(teacher.id,), hyperparameters=usual
        )

    def smaller_models(self, run_id: str, most_loss: float = MOST_LOSS) -> list[SmallerModel]:
        """The finished quantizations and distillations of a run's model, the smallest first, each tested against it.

        Args:
            most_loss: accuracy that may be lost, 0..1.
        """
        source = self.registry.run(run_id)
        found = [run for run in self.registry.runs_using(source.id) if _is_smaller(run)]
        models, costs = (
            self.registry.models_of([source.id, *(run.id for run in found)]),
            self.registry.costs([source.id, *(run.id for run in found)]),
        )
        runs = [run for run in found if run.id in models and run.id in costs]
        expected = self._test_predictions(source.id)
        before = costs.get(source.id)
        return sorted(
            (
                SmallerModel(
                    run=run,
                    backbone=self._student(run.recipe),
                    bytes=self._bytes(run.id, models[run.id]),
                    bytes_before=self._bytes(source.id, models[source.id]) if source.id in models else None,
                    milliseconds=costs[run.id].ms_per_photo,
                    milliseconds_before=before.ms_per_photo if before else None,
                    test=self._tested(run.id, expected, most_loss, len(runs)),
                )
                for run in runs
            ),
            key=lambda one: one.bytes,
        )

    def _student(self, recipe: Recipe) -> str:
        """Title of the backbone of a distillation; its name where an added one was deleted."""
        if not recipe.backbone:
            return ""
        try:
            return self.backbone(recipe.backbone).title
        except GraftError:
            return recipe.backbone

    def _bytes(self, run_id: str, model: Model) -> int:
        """Of the files that a prediction reads; of a model that only Keras can run, of that file."""
        folder = model_here(self.settings, run_id)
        names = [str(entry["file"]) for entry in model.card.get("engines", ())] or [KERAS_MODEL]
        return sum(path.stat().st_size for name in names if (path := folder / name).is_file())

    def _tested(
        self, run_id: str, expected: Predictions | None, most_loss: float, comparisons: int
    ) -> NonInferiority | None:
        found = self._test_predictions(run_id)
        if found is None or expected is None:
            return None
        return non_inferiority(found, expected, most_loss=most_loss, comparisons=comparisons)

    def _test_predictions(self, run_id: str) -> Predictions | None:
        with suppress(GraftError):
            return read_predictions(run_id, "test", self.settings)
        return None


def _quantization(run: Run, precision: Precision) -> Recipe:
    hp = Hyperparameters(precision=precision)
    return Recipe(backbone="", pattern=Pattern.QUANTIZATION, members=(run.id,), hyperparameters=hp)


def _is_smaller(run: Run) -> bool:
    return run.recipe.pattern in FROM_A_RUN and run.status is Status.FINISHED
