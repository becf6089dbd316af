"""Plans: for every recipe, whether it is new, reused, resumed, extended or refused, and what it would cost."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from core.artifacts.parts import has_checkpoint, has_model
from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.errors import InvalidInput, NotFound
from core.models.heads.mapping import mapped
from core.models.lineage import run_name, source_title, weights_digest_of
from core.people.acting import Role, acting
from core.planning import capacity, remedies
from core.planning.checks import examine
from core.planning.decide import Decision, EarlierRun, Level, Plan, decide
from core.planning.estimates import Estimator
from core.planning.forecasting import ForecastHistory
from core.planning.grid_plan import GridPlan, InvalidRow, grid_plan
from core.planning.question import Question
from core.planning.work import BusySlot
from core.recipes.defaults import usual_for
from core.recipes.grid import CascadeChoice, GridChoice, InvalidCell, recipes_of
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.naming import name_of_invalid
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe, fingerprint
from core.recipes.remedy import Remedy
from core.registry import Registry
from core.runs.values import Run, Status
from core.settings import Settings

SEEDS_TRIED = 10_000


class Planner:
    """Plans several recipes for one dataset; changes nothing.

    A recipe that cannot be run does not raise: its plan is ``REFUSED`` and has the reason.

    Args:
        history: compared forecasts of the machine that will train, for the bands of a ``grid``. waiting: its trainers
            that wait for a run.
        largest_memory: as in ``Question``.
    """

    def __init__(
        self,
        dataset: Dataset,
        registry: Registry,
        settings: Settings,
        history: ForecastHistory | None = None,
        waiting: Sequence[BusySlot] = (),
        largest_memory: int | None = None,
    ) -> None:
        self._dataset, self._registry, self._settings = dataset, registry, settings
        self._history, self.waiting, self._largest_memory = history, tuple(waiting), largest_memory
        self._estimator = Estimator(registry, settings)
        self._remedies: dict[tuple, tuple[Remedy, ...]] = {}
        self._fingerprints: dict[Recipe, str] = {}
        self._earlier_runs: dict[str, list[Run]] = {}

    def plans(self, recipes: Sequence[Recipe], *, force: bool = False) -> list[Plan]:
        """One plan per recipe.

        Args:
            force: retrain even if a result exists, with the next seed that no run has.
        """
        taken: set[str] = set()
        found = [self.forced(recipe, taken) if force else self.plan(recipe) for recipe in recipes]
        return self.named(found)

    def named(self, plans: Sequence[Plan]) -> list[Plan]:
        """The plans with the names that their runs will get when all of them are launched together."""
        new = [plan for plan in plans if plan.decision in (Decision.NEW, Decision.EXTENDED)]
        wanted = [(run_name(plan.recipe, self._registry), plan.recipe) for plan in new]
        names = iter(self._registry.new_names(self._dataset.id, wanted))
        return [replace(plan, name=next(names)) if plan in new else plan for plan in plans]

    def grid(
        self,
        recipes: Sequence[Recipe | InvalidCell],
        *,
        slots: int,
        force: bool = False,
        known: Mapping[Recipe, Plan] | None = None,
    ) -> GridPlan:
        """The plan of launching all of them together.

        Args:
            slots: trainers that can run at once. force: as in ``plans``.
            known: plans made a moment ago, which are not made again.
        """
        found = dict(known or {})
        wanted = [recipe for recipe in recipes if isinstance(recipe, Recipe)]
        if force:
            plans = self.plans(wanted, force=True)
        else:
            found |= self._planned_together([recipe for recipe in wanted if recipe not in found])
            plans = [found[recipe] for recipe in wanted]
        remaining = iter(plans)
        rows = [next(remaining) if isinstance(one, Recipe) else self._invalid(one) for one in recipes]
        plan = grid_plan(self._all_named(rows), slots, self._history, self.waiting)
        return replace(plan, concerns=capacity.examine_all(plan, self._settings))

    def _planned_together(self, recipes: Sequence[Recipe]) -> dict[Recipe, Plan]:
        """Plans whose earlier runs are looked up at once."""
        for recipe in recipes:
            with suppress(InvalidInput, NotFound):  # its plan says so
                self._fingerprints[recipe] = self._fingerprint(recipe)
        self._earlier_runs = self._registry.find_runs_of(self._fingerprints.values())
        try:
            return {recipe: self.plan(recipe) for recipe in recipes}
        finally:  # whoever launches one of them changes what is there
            self._fingerprints, self._earlier_runs = {}, {}

    def _all_named(self, rows: Sequence[Plan | InvalidRow]) -> list[Plan | InvalidRow]:
        """The plans as in ``named``, where they were made at different times."""
        named = iter(self.named([row for row in rows if isinstance(row, Plan)]))
        return [next(named) if isinstance(row, Plan) else row for row in rows]

    def _invalid(self, cell: InvalidCell) -> InvalidRow:
        name = name_of_invalid(cell, lambda source: source_title(source, self._registry))
        helpful = []
        for one in remedies.of_cell(cell, self._dataset, self._estimator.backbone):
            repaired = self._repaired(cell, one)
            if repaired is not None:
                plan = self._examined(repaired)
                refused = plan.decision is Decision.REFUSED
                more = self._those_that_help(repaired, plan.remedies[:1]) if refused else ()
                helpful += [one.then(rest) for rest in more] if refused else [one]
        return InvalidRow(cell=cell, name=name, remedies=tuple(helpful))

    def _repaired(self, cell: InvalidCell, remedy: Remedy) -> Recipe | None:
        """The recipe of a cell with this remedy; None where it is still none."""
        cascade = None if cell.cascade is None else CascadeChoice(kind=cell.cascade, members=cell.sources)
        choice = GridChoice(
            cells=() if cascade else tuple((source, cell.pattern) for source in cell.sources),
            settings={cell.pattern: dict(cell.settings)},
            cascade=cascade,
        )
        (found,) = recipes_of(remedy.choice(choice, cell), defaults=self._usual, find=self._found)
        return found if isinstance(found, Recipe) else None

    def _usual(self, pattern: Pattern, backbone: str) -> Hyperparameters:
        return usual_for(self._dataset, pattern, self._found(backbone))

    def _found(self, backbone: str) -> Backbone | None:
        try:
            return self._estimator.backbone(backbone)
        except (InvalidInput, NotFound):
            return None

    def plan(self, recipe: Recipe) -> Plan:
        """What launching the recipe would do."""
        plan = self._examined(recipe)
        if plan.decision is not Decision.REFUSED:
            return plan
        key = (recipe.backbone, recipe.pattern, recipe.members, plan.because)  # seeds make no difference
        if key not in self._remedies:
            self._remedies[key] = self._those_that_help(recipe, plan.remedies)
        return replace(plan, remedies=self._remedies[key])

    def _examined(self, recipe: Recipe) -> Plan:
        """The plan; of a refused one the remedies are candidates."""
        try:
            return self._checked(self._decided(recipe))
        except (InvalidInput, NotFound) as error:
            candidates = remedies.of_recipe(
                recipe, self._dataset, self._registry, self._settings, self._estimator.backbone
            )
            return self._refused(recipe, str(error), tuple(candidates))

    def _those_that_help(self, recipe: Recipe, candidates: Sequence[Remedy], more: int = 3) -> tuple[Remedy, ...]:
        """The candidates after which the recipe is not refused, up to ``more`` further ones added to each."""
        found = []
        for one in candidates:
            changed = self._changed(recipe, one)
            plan = self._examined(changed) if changed is not None else None
            if plan is None:
                continue
            if plan.decision is not Decision.REFUSED:
                found.append(one)
            elif more:
                found += [one.then(rest) for rest in self._those_that_help(plan.recipe, plan.remedies[:1], more - 1)]
        return tuple(dict.fromkeys(found))

    def _changed(self, recipe: Recipe, remedy: Remedy) -> Recipe | None:
        """None where the remedy changes nothing, or cannot be applied."""
        try:
            changed = remedy.recipe(recipe)
        except InvalidInput:
            return None
        return None if changed == recipe else changed

    def forced(self, recipe: Recipe, taken: set[str]) -> Plan:
        """A plan that trains although a result exists; a recipe without randomness is reproduced instead.

        Args:
            taken: fingerprints that other plans of this launch use; the new one is added.
        """
        plan = self.plan(recipe)
        if plan.decision is Decision.REFUSED:
            return plan
        if "seed" not in recipe.settings():
            return self._reproduced(plan)
        fresh = self._with_unused_seed(recipe, taken)
        taken.add(self._fingerprint(fresh))
        plan = self.plan(fresh)
        seed = fresh.hyperparameters.seed
        if seed == recipe.hyperparameters.seed:
            return plan
        return replace(plan, because=f"A further repetition, with seed {seed}, the next that no run has.")

    def estimated(self, plan: Plan) -> Plan:
        """A plan that was made elsewhere, with what it takes."""
        return self._estimator.estimate(plan, self._dataset)

    def _decided(self, recipe: Recipe) -> Plan:
        print_ = self._fingerprints.get(recipe) or self._fingerprint(recipe)
        found = self._earlier_runs[print_] if print_ in self._earlier_runs else self._registry.find_runs(print_)
        same = [run for run in found if not self._is_mapped_otherwise(run)]
        decision = decide(recipe, [self._earlier(run) for run in same])
        if len(same) < len(found) and decision.decision is Decision.NEW:
            decision = replace(decision, because="It was done with another mapping of the class names.")
        continues = decision.decision in (Decision.REUSED, Decision.RESUMED)
        plan = Plan(
            dataset_id=self._dataset.id,
            recipe=recipe,
            fingerprint=print_,
            name=self._registry.run(decision.run_id or "").name if continues else run_name(recipe, self._registry),
            decision=decision.decision,
            because=decision.because,
            run_id=decision.run_id,
            first_epoch=decision.first_epoch,
        )
        return self._estimator.estimate(plan, self._dataset)

    def _checked(self, plan: Plan) -> Plan:
        """The plan with its concerns, or refused where one of them forbids it."""
        if plan.decision is Decision.REUSED:
            return plan
        question = Question(
            plan=plan,
            dataset=self._dataset,
            backbones=self._estimator.sources(plan.recipe).backbones,
            registry=self._registry,
            settings=self._settings,
            resources=partial(self._estimator.resources, dataset=self._dataset),
            largest_memory=self._largest_memory,
        )
        concerns = examine(question)
        refusals = [concern for concern in concerns if concern.level is Level.REFUSE]
        if refusals:
            sentences = " ".join(refusal.sentence for refusal in refusals)
            return self._refused(plan.recipe, sentences, refusals[0].remedies)
        return replace(plan, concerns=concerns)

    def _refused(self, recipe: Recipe, because: str, candidates: tuple[Remedy, ...]) -> Plan:
        return Plan(
            dataset_id=self._dataset.id,
            recipe=recipe,
            fingerprint="",
            name=run_name(recipe, self._registry),
            decision=Decision.REFUSED,
            because=because,
            first_epoch=None,
            remedies=candidates,
        )

    def _fingerprint(self, recipe: Recipe) -> str:
        weights = weights_digest_of(recipe, self._registry, self._settings)
        return fingerprint(recipe, dataset_digest=self._dataset.digest, weights_digest=weights)

    def _is_mapped_otherwise(self, run: Run) -> bool:
        """Whether a finished pretrained classifier maps the class names as an earlier version read them."""
        if run.recipe.pattern is not Pattern.CLASSIFIER or run.status is not Status.FINISHED:
            return False
        card = self._registry.models_of([run.id])
        rows = card[run.id].card.get("choice", {}).get("mapping") if card else None
        if rows is None:
            return False
        now = mapped(self._dataset.class_names, run.recipe.mapping).pairs
        return {(row["synset"], row["class"]) for row in rows} != set(now)

    def _earlier(self, run: Run) -> EarlierRun:
        home, person = (self._settings, self._registry), acting()
        return EarlierRun(
            run=run,
            has_model=has_model(*home, run.id),
            has_checkpoint=has_checkpoint(*home, run.id),
            may_resume=run.owner in ("", person.name) or person.may(Role.ADMIN),
        )

    def _with_unused_seed(self, recipe: Recipe, taken: set[str]) -> Recipe:
        hp = recipe.hyperparameters
        for seed in range(hp.seed, hp.seed + SEEDS_TRIED):
            fresh = replace(recipe, views_by_seed=False, hyperparameters=replace(hp, seed=seed))
            print_ = self._fingerprint(fresh)
            if print_ not in taken and not self._registry.find_runs(print_):
                return fresh
        raise InvalidInput(f"{SEEDS_TRIED:,} seeds from {hp.seed} on are used. Choose a larger seed.")

    def _reproduced(self, plan: Plan) -> Plan:
        if plan.decision is not Decision.REUSED or self._registry.run(plan.run_id or "").status is not Status.FINISHED:
            return plan
        because = "This recipe has no random part, so it is run once more and must give the same result."
        again = replace(plan, decision=Decision.NEW, because=because, reproduces=plan.run_id, run_id=None)
        return self._estimator.estimate(again, self._dataset)
