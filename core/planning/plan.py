"""Look before you train: what would happen with every recipe, and what should be said first."""

from collections.abc import Sequence
from dataclasses import replace

from core.datasets.values import Dataset
from core.errors import InvalidInput, NotFound
from core.models.lineage import weights_digest_of
from core.planning import checks
from core.planning.decide import Concern, Decision, EarlierRun, Level, Plan, decide
from core.planning.estimates import Estimator
from core.recipes.recipe import RELEVANT, Recipe, fingerprint
from core.runs.values import Run, Status
from core.workbench.recipes import Recipes


class Plans(Recipes):
    """Plans: nothing here changes anything."""

    def plan(self, dataset_reference: str, recipes: Sequence[Recipe], *, force: bool = False) -> list[Plan]:
        """What would happen with every recipe, before anything is launched.

        A recipe that cannot be run does not raise: its plan says ``REFUSED`` and why.

        Args:
            force: train anew, as a further repetition with the next seed that no run has.
        """
        dataset, estimator = self.registry.dataset(dataset_reference), Estimator(self.registry, self.settings)
        if not force:
            return [self._plan(dataset, recipe, estimator) for recipe in recipes]
        taken: set[str] = set()
        return [self._forced(dataset, recipe, estimator, taken) for recipe in recipes]

    def concerns(self, plans: Sequence[Plan]) -> tuple[Concern, ...]:
        """What should be said about all of them together before they are launched."""
        return checks.examine_all(plans, self.settings)

    def _plan(self, dataset: Dataset, recipe: Recipe, estimator: Estimator) -> Plan:
        try:
            return self._judged(self._decided(dataset, recipe, estimator), dataset, estimator)
        except (InvalidInput, NotFound) as error:
            return _refused(dataset, recipe, self.name_of(recipe), str(error))

    def _decided(self, dataset: Dataset, recipe: Recipe, estimator: Estimator) -> Plan:
        print_ = self._fingerprint(dataset, recipe)
        verdict = decide(recipe, [self._candidate(run) for run in self.registry.find_runs(print_)])
        plan = Plan(
            dataset_id=dataset.id,
            recipe=recipe,
            fingerprint=print_,
            name=self.name_of(recipe),
            decision=verdict.decision,
            because=verdict.because,
            run_id=verdict.run_id,
            first_epoch=verdict.first_epoch,
        )
        return estimator.estimate(plan, dataset)

    def _judged(self, plan: Plan, dataset: Dataset, estimator: Estimator) -> Plan:
        """With what should be said before it is launched, and refused where it cannot be."""
        if plan.decision is Decision.REUSED:
            return plan
        question = checks.Question(
            plan=plan,
            dataset=dataset,
            backbones=estimator.sources(plan.recipe).backbones,
            registry=self.registry,
            settings=self.settings,
        )
        concerns = checks.examine(question)
        refusals = [concern.sentence for concern in concerns if concern.level is Level.REFUSE]
        if refusals:
            return _refused(dataset, plan.recipe, plan.name, " ".join(refusals))
        return replace(plan, concerns=concerns)

    def _fingerprint(self, dataset: Dataset, recipe: Recipe) -> str:
        weights = weights_digest_of(recipe, self.registry, self.settings)
        return fingerprint(recipe, dataset_digest=dataset.digest, weights_digest=weights)

    def _candidate(self, run: Run) -> EarlierRun:
        folder = self.settings.run_dir(run.id)
        return EarlierRun(
            run=run,
            has_model=(folder / "model" / "card.json").exists(),
            has_checkpoint=any((folder / "checkpoints").glob("[0-9]*")),
        )

    # --- again, although it is known ---

    def _forced(self, dataset: Dataset, recipe: Recipe, estimator: Estimator, taken: set[str]) -> Plan:
        """A further repetition; where nothing is left to chance, the same once more."""
        plan = self._plan(dataset, recipe, estimator)
        if plan.decision is Decision.REFUSED:
            return plan
        if "seed" not in RELEVANT[recipe.pattern] or not recipe.backbones:
            return self._once_more(plan, dataset, estimator)
        fresh = self._unused(dataset, recipe, taken)
        taken.add(self._fingerprint(dataset, fresh))
        plan = self._plan(dataset, fresh, estimator)
        seed = fresh.hyperparameters.seed
        if seed == recipe.hyperparameters.seed:
            return plan
        return replace(plan, because=f"A further repetition, with seed {seed}, the next that no run has.")

    def _unused(self, dataset: Dataset, recipe: Recipe, taken: set[str]) -> Recipe:
        numbers = recipe.hyperparameters
        for seed in range(numbers.seed, numbers.seed + 10_000):
            fresh = replace(recipe, hyperparameters=replace(numbers, seed=seed))
            print_ = self._fingerprint(dataset, fresh)
            if print_ not in taken and not self.registry.find_runs(print_):
                return fresh
        raise InvalidInput(f"10,000 seeds from {numbers.seed} on are used. Choose a larger seed.")

    def _once_more(self, plan: Plan, dataset: Dataset, estimator: Estimator) -> Plan:
        if plan.decision is not Decision.REUSED or self.registry.run(plan.run_id or "").status is not Status.FINISHED:
            return plan
        because = "Nothing in it is left to chance, so it is done once more and must say the same."
        again = replace(plan, decision=Decision.NEW, because=because, reproduces=plan.run_id, run_id=None)
        return estimator.estimate(again, dataset)


def _refused(dataset: Dataset, recipe: Recipe, name: str, because: str) -> Plan:
    return Plan(
        dataset_id=dataset.id,
        recipe=recipe,
        fingerprint="",
        name=name,
        decision=Decision.REFUSED,
        because=because,
        first_epoch=None,
    )
