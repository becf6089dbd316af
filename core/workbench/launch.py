"""Planning and launching runs, combinations of finished runs included."""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from core import jobs
from core.advising.ensembles import OfferedModel
from core.errors import InvalidInput
from core.files.home import launch_lock
from core.files.locks import acquire
from core.jobs.quota import require_quota
from core.people.acting import Role, require
from core.planning.decide import Decision, Plan
from core.planning.grid_plan import GridPlan
from core.planning.ignored import ignored
from core.planning.kept_plans import KeptPlans, kept_plans
from core.planning.plan import Planner
from core.planning.presets import Preset
from core.recipes.grid import CascadeChoice, GridChoice
from core.recipes.patterns import Cascade
from core.recipes.recipe import Recipe
from core.runs.needs import RunNeeds
from core.runs.values import Run, Status
from core.workbench.forecasts import Forecasting, free_slots
from core.workbench.recipes import Recipes


class Launching(Recipes, Forecasting):
    """Planning and launching."""

    def plan(self, dataset: str, recipes: Sequence[Recipe], *, force: bool = False) -> list[Plan]:
        """What launching each recipe on a dataset would do; see ``Planner``. Changes nothing."""
        return self._planner(dataset).plans(recipes, force=force)

    def grid_plan(self, dataset: str, choice: GridChoice | Preset) -> GridPlan:
        """What launching everything that was chosen would do, and how long it would take. Changes nothing.

        The page Train and the command line both plan with it.
        """
        return self.grid_plans(dataset, [choice])[0]

    def grid_plans(self, dataset: str, choices: Sequence[GridChoice | Preset], *, kept: bool = False) -> list[GridPlan]:
        """``grid_plan`` of each of several choices, not of all together; recipes that they share are planned once.

        Args:
            kept: what was planned for a page a moment ago is not planned again, as long as nothing changed that it
                rests on (``core.planning.kept_plans``); without effect where ``choice.force``.
        """
        known = kept_plans(self.registry, self.settings, self.registry.dataset(dataset).id) if kept else KeptPlans()
        planner, slots, found, plans = self._planner(dataset), free_slots(), dict(known.single), []
        for choice in choices:
            state = (choice, slots, planner.waiting) if isinstance(choice, Preset) else None
            plan = known.whole.get(state) or self._grid_plan(planner, dataset, choice, slots, found)
            if state is not None:
                known.keep_whole(state, plan)
            plans.append(plan)
        known.keep(found)
        return plans

    def _grid_plan(
        self, planner: Planner, dataset: str, choice: GridChoice | Preset, slots: int, found: dict[Recipe, Plan]
    ) -> GridPlan:
        """Adds to the plans of single recipes that were ``found``."""
        recipes = self.recipes(dataset, choice)
        force = isinstance(choice, GridChoice) and choice.force
        plan = planner.grid(recipes, slots=slots, force=force, known=found)
        found |= {} if force else {one.recipe: one for one in plan.plans}
        return replace(plan, concerns=(*plan.concerns, *ignored(choice, recipes)))

    def launch_grid(
        self, plan: GridPlan, *, priority: int = 0, needs: RunNeeds | None = None
    ) -> list[tuple[Plan, Run]]:
        """Put into effect what is not refused; returns each plan with its run, reused ones included.

        Args:
            needs: of the slot in which each of them trains. Also a run that waits already gets them.

        Raises:
            InvalidInput: everything is refused (the reason of the first), or no slot that is known has what they need;
                then nothing is launched. Or one of them is refused since it was planned; then those before it are.
        """
        if not plan.launchable and plan.refused:
            raise InvalidInput(plan.refused[0].because)
        wanted = [(one.dataset_id, one.recipe, one.reproduces is not None, one.name) for one in plan.launchable]
        return self._launch_all(wanted, priority, needs or RunNeeds())

    def _launch_all(
        self, wanted: Sequence[tuple[str, Recipe, bool, str]], priority: int, needs: RunNeeds
    ) -> list[tuple[Plan, Run]]:
        """Launch every (dataset, recipe, force, name)."""
        require(Role.TRAINER, "Launching runs")
        self._require_possible(needs)
        launched: list[tuple[Plan, Run]] = []
        planners: dict[str, Planner] = {}
        with acquire(launch_lock(self.settings)), self._logged(launched):  # one process plans and launches at a time
            for reference, recipe, force, name in wanted:
                planner = planners.get(reference) or planners.setdefault(reference, self._planner(reference))
                plan = planner.forced(recipe, set()) if force else planner.plan(recipe)
                if plan.decision is Decision.REFUSED:
                    raise InvalidInput(plan.because)
                is_new = plan.decision in (Decision.NEW, Decision.EXTENDED)
                plan = replace(plan, name=name) if is_new else plan
                launched.append((plan, self._launch(plan, priority, needs)))
        if any(not run.status.ended for _, run in launched):
            jobs.ensure_supervisor(self.settings)
        return launched

    @contextmanager
    def _logged(self, launched: Sequence[tuple[Plan, Run]]) -> Iterator[None]:
        """Afterwards an entry of the log of actions and the forecasts, also where launching ended early."""
        waiting = self._waiting()
        try:
            yield
        finally:
            ids = [run.id for plan, run in launched if plan.decision is not Decision.REUSED]
            if ids:
                self.registry.log("launch", {"dataset": launched[0][1].dataset_id, "runs": ids})
            self._store_forecasts(launched, waiting)

    def _launch(self, plan: Plan, priority: int, needs: RunNeeds) -> Run:
        if plan.decision is Decision.REUSED:
            self._restate_needs(plan, needs)
            return self.registry.run(plan.run_id or "")
        require_quota(self.settings, self.registry, begun="launched")
        if plan.decision is Decision.RESUMED:
            self._restate_needs(plan, needs)
            self.registry.requeue(plan.run_id or "")
            return self.registry.run(plan.run_id or "")
        run = Run(
            id=f"r-{secrets.token_hex(4)}",
            dataset_id=plan.dataset_id,
            recipe=plan.recipe,
            fingerprint=plan.fingerprint,
            name=plan.name,
            status=Status.SCHEDULED,
            priority=priority,
            extends=plan.run_id,
            reproduces=plan.reproduces,
            created_at=time.time(),
        )
        return self._start(run, self._needs_of_plan(plan, needs))

    def _start(self, run: Run, needs: RunNeeds) -> Run:
        """Add a run to the queue; compute a combination of stored predictions immediately."""
        if run.recipe.cascade is None or not run.recipe.combines_runs:
            return self.registry.add_run(run, needs)
        from core.models.cascades.combine import combine

        combine(run.recipe, run, self.registry, self.settings)
        return self.registry.run(run.id)

    # --- combinations ---

    def ensemble(self, run_ids: Sequence[str]) -> tuple[Plan, Run]:
        """The mean of several finished runs' probabilities, evaluated immediately."""
        return self._combined(Cascade.ENSEMBLE, run_ids)

    def confidence(self, cheap: str, costly: str) -> tuple[Plan, Run]:
        """A cheap finished run predicts where it is confident, else a costlier one; evaluated immediately."""
        return self._combined(Cascade.CONFIDENCE, (cheap, costly))

    def launch_offer(self, offer: OfferedModel) -> tuple[Plan, Run]:
        """The ensemble or the cascade that was advised, evaluated immediately; one that there is already is reused.

        Raises:
            InvalidInput: it is a single run, which is there already.
        """
        if offer.cascade is None:
            raise InvalidInput(f"Only an ensemble or a cascade can be launched. Received: run {offer.run_ids[0]}")
        return self._combined(offer.cascade, offer.run_ids)

    def _combined(self, kind: Cascade, run_ids: Sequence[str]) -> tuple[Plan, Run]:
        dataset = self.registry.run(run_ids[0]).dataset_id
        choice = GridChoice(cascade=CascadeChoice(kind=kind, members=tuple(run_ids)))
        ((plan, run),) = self.launch_grid(self.grid_plan(dataset, choice))
        return plan, run
