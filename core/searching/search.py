"""The search: one trial after the other, each an ordinary run in the queue, until the budget is spent.

A trial is judged by its validation photos alone. Its run is launched as by anybody else, so an equal finished run is
the answer at no cost and an interrupted one is resumed. Every step can be repeated after a kill: what a trial is about
to do is noted in the study first.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path
from typing import Any

from core.advising.regret import latest_shortlist
from core.backbones.values import HERE
from core.comparison.race import validation_accuracies
from core.datasets.values import Dataset
from core.errors import Cancelled, Conflict, GraftError, InvalidInput, NotFound, Unavailable
from core.files.here import dataset_here
from core.planning.decide import Decision, Level, Plan
from core.planning.plan import Planner
from core.planning.presets import Preset
from core.recipes.defaults import usual_for
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.runs.values import Run, Status
from core.searching.space import MOST_BACKBONES, SearchSpace
from core.searching.study import NOTE, RecipeStudy
from core.searching.values import SearchQuestion, SearchStatus, SearchTrial, TrialState
from core.text.units import count, rough_duration
from core.workbench import Workbench

POLL_SECONDS = 1.0
PROPOSALS = 40
"""Proposals in a row of which none can be launched, after which a search ends."""
ON_FEATURES = (Pattern.INTEGRATED_EXTRACTOR, Pattern.STANDALONE_EXTRACTOR)
SHORTLIST, PRESET = "shortlist", "preset"

Report = Callable[[SearchStatus], None]
"""Called whenever something has changed, and every ``POLL_SECONDS``; may raise ``Cancelled`` to stop the search."""


def pause(seconds: float) -> None:
    """Between two looks at a run."""
    time.sleep(seconds)


class RecipeSearch:
    """One search of a dataset, from its start or from where it was left.

    Args:
        path: of the study. wait: sleeps; the tests' own does the work of a trainer.
    """

    def __init__(
        self,
        dataset: Dataset,
        question: SearchQuestion,
        *,
        bench: Workbench,
        path: Path,
        report: Report,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        self._dataset, self._bench, self._report, self._wait = dataset, bench, report, wait or pause
        self._refuse()
        self._study = RecipeStudy(path, self._usable())
        self._space = SearchSpace(dataset=dataset, backbones=self._backbones())
        self._trials = {note["number"]: _trial_of(note) for note in self._study.notes()}
        self._left_out = self._study.left_out()
        self._seconds = 60 * question.minutes + self._spent
        self._most = None if question.trials is None else question.trials + len(self._trials)
        self._quickest: float | None = None

    def run(self) -> str:
        """Search until nothing fits any more: why it ended, one sentence.

        Raises:
            InvalidInput: no recipe fits into the budget at all. NotFound: the dataset was deleted meanwhile.
            Cancelled: ``report`` has stopped it; its run was cancelled and the trial can go on.
        """
        if not self._study.has_begun:
            self._tell("Choosing the first recipes")
            for recipe, proposed in self._first():
                params = self._space.answers(recipe)
                if params is not None:
                    self._study.enqueue(params, proposed)
            self._study.begin()
        self._go_on()
        while (why := self._why_over()) is None:
            self._tell("Choosing a recipe")
            if not self._next():
                why = self._nothing_fits()
                break
        self._tell("Done")
        return why

    # --- before ---

    def _refuse(self) -> None:
        name = self._dataset.name
        if dataset_here(self._bench.settings, self._dataset.id).lacks_photos:
            raise NotFound(f"{name} came with a model, without its photos: import them to search.")
        if not self._dataset.split_sizes["validation"]:
            raise InvalidInput(f"{name} has no validation photos, on which recipes are compared.")
        if not self._usable():
            raise InvalidInput("No pretrained backbone is on this machine. Download one on the page Backbones.")

    def _usable(self) -> list[str]:
        """The cheapest backbones that are on this machine; finished models are none of them."""
        known = {one.name for one in self._bench.known_backbones()}
        here = [one for one, state in self._bench.backbones() if state in HERE and one.name in known]
        return [one.name for one in sorted(here, key=lambda one: (one.multiply_adds, one.name))][:MOST_BACKBONES]

    def _backbones(self) -> list[Any]:
        try:
            return [self._bench.backbone(name) for name in self._study.backbones]
        except (NotFound, InvalidInput) as error:
            raise Unavailable(f"{error} The search was begun with it, so start a new one.") from None

    def _first(self) -> list[tuple[Recipe, str]]:
        """What the newest shortlist names; then of the preset a new head and scikit-learn on every backbone, which
        share its features, the same at the larger input that it tries, and fine-tuning once."""
        latest = latest_shortlist(self._dataset.id, self._bench.registry)
        found = [(self._of_shortlist(one), SHORTLIST) for one in (latest[0].named if latest else ())]
        preset = [one for one in self._bench.recipes(self._dataset.id, Preset.THOROUGH) if isinstance(one, Recipe)]
        found += [(one, PRESET) for one in preset if one.pattern in ON_FEATURES]
        tuned = [one for one in preset if one.pattern is Pattern.FINE_TUNING]
        published = {one.name: one.top1 or 0.0 for one in self._space.backbones}
        best = max(tuned, key=lambda one: published.get(one.backbone, 0.0), default=None)
        return [*found, *([(best, PRESET)] if best else [])]

    def _of_shortlist(self, one: Any) -> Recipe:
        backbone = next((known for known in self._space.backbones if known.name == one.backbone), None)
        hp = usual_for(self._dataset, Pattern(one.pattern), backbone)
        hp = replace(hp, input_size=one.size, depth=one.depth)
        return Recipe(backbone=one.backbone, pattern=Pattern(one.pattern), hyperparameters=hp)

    # --- the budget ---

    @property
    def _spent(self) -> float:
        return sum(one.seconds for one in self._trials.values())

    def _why_over(self) -> str | None:
        tried = len(self._trials)
        if self._spent >= self._seconds:
            return f"The budget is spent: {rough_duration(self._spent)} of training in {count(tried, 'trial')}."
        if self._most is not None and tried >= self._most:
            return f"All {count(tried, 'trial')} are done, with {rough_duration(self._spent)} of training."
        return None

    def _nothing_fits(self) -> str:
        left = self._seconds - self._spent
        if self._quickest is None:
            return (
                f"{PROPOSALS} proposals in a row were recipes that were tried or cannot be trained, so the search ends "
                f"with {rough_duration(left)} left."
            )
        quickest = f"the quickest of the last {PROPOSALS} proposals takes about {rough_duration(self._quickest)}"
        if not self._trials:
            raise InvalidInput(
                f"No recipe fits into {rough_duration(left)} of training: by its forecast, {quickest}. Give more "
                "minutes."
            )
        return f"No further recipe fits into the {rough_duration(left)} that are left: by its forecast, {quickest}."

    # --- a trial ---

    def _next(self) -> bool:
        """Launch and follow the next proposal that fits; False where none of many does."""
        self._quickest = None
        for _ in range(PROPOSALS):
            trial = self._study.ask()
            plan = self._plan(self._space_asked(trial))
            self._left_out += 1
            if plan is None or not self._fits(plan):
                self._study.failed(trial.number)
                continue
            known = next((one for one in self._study.notes() if one["fingerprint"] == plan.fingerprint), None)
            if known is not None:
                self._tell_again(trial.number, _trial_of(known))
                continue
            self._left_out -= 1
            note = {"fingerprint": plan.fingerprint, "recipe": plan.recipe.to_dict(), "asked": time.time()}
            note |= {"resumes": plan.run_id if plan.decision is Decision.RESUMED else None}
            number = len(self._trials) + 1
            shown = SearchTrial(
                number=number, run_id="", name=plan.name, proposed=self._study.proposed(trial),
                state=TrialState.WAITING, forecast=plan.estimate_seconds,
            )  # fmt: skip
            self._launch(trial.number, note, shown)
            return True
        return False

    def _space_asked(self, trial: Any) -> Recipe | None:
        with suppress(InvalidInput):
            return self._space.ask(trial)
        return None

    def _plan(self, recipe: Recipe | None) -> Plan | None:
        """None where it is refused, or would have to be confirmed by a person."""
        if recipe is None:
            return None
        dataset = self._bench.registry.dataset(self._dataset.id)  # NotFound once it was deleted
        (plan,) = Planner(dataset, self._bench.registry, self._bench.settings).plans([recipe])
        asks = any(concern.level is Level.ASK for concern in plan.concerns)
        return None if plan.decision is Decision.REFUSED or asks else plan

    def _fits(self, plan: Plan) -> bool:
        if plan.decision is Decision.REUSED or plan.estimate_seconds <= self._seconds - self._spent:
            return True
        self._quickest = min(self._quickest or plan.estimate_seconds, plan.estimate_seconds)
        return False

    def _tell_again(self, number: int, known: SearchTrial) -> None:
        """A recipe that was tried is never tried again."""
        if known.state is TrialState.FINISHED and known.accuracy is not None:
            self._study.finished(number, known.accuracy)
        else:
            self._study.failed(number)

    def _launch(self, number: int, note: dict[str, Any], shown: SearchTrial) -> None:
        """Note it, launch it, and follow it to its end. After a kill in between, an equal run that is younger than the
        note is the one that was launched here."""
        self._keep(number, note, shown)
        recipe = Recipe.from_dict(note["recipe"])
        try:
            planner = Planner(self._dataset, self._bench.registry, self._bench.settings)
            ((plan, run),) = self._bench.launch_grid(planner.grid([recipe], slots=1))
        except (InvalidInput, Conflict) as error:  # refused since it was planned
            self._end(number, note, replace(shown, state=TrialState.FAILED, reason=str(error)))
            return
        is_young = run.created_at >= note["asked"]
        own = plan.decision is not Decision.REUSED or is_young or run.id == note["resumes"]
        before = note["before"] if run.id == shown.run_id else 0.0 if is_young else self._seconds_of(run)
        note = note | {"own": own, "before": before, "ending": ""}
        shown = replace(shown, run_id=run.id, name=run.name, reused=not own)
        self._keep(number, note, shown)
        self._follow(number, note, shown)

    def _follow(self, number: int, note: dict[str, Any], shown: SearchTrial) -> None:
        """Until its run has ended."""
        while True:
            try:
                run = self._bench.registry.run(shown.run_id)
            except NotFound:
                self._bench.registry.dataset(self._dataset.id)  # NotFound where it was deleted with its dataset
                self._end(number, note, replace(shown, state=TrialState.FAILED, reason="Its run was deleted."))
                return
            spent = max(0.0, self._seconds_of(run) - note["before"]) if note["own"] else 0.0
            shown = replace(shown, seconds=spent)
            behind = self._falls_behind(number, run)
            if run.status.ended:
                self._end(number, note, self._outcome(shown, run, note["ending"]))
                return
            shown = self._trials[shown.number] = replace(shown, state=_WHILE[run.status])
            if note["own"] and not note["ending"]:
                note = self._pruned(number, note, shown, run, behind)
            try:
                self._tell(self._stage(run))
            except Cancelled:
                self._stop(number, note, shown, run)
                raise
            self._wait(POLL_SECONDS)

    def _pruned(self, number: int, note: dict[str, Any], shown: SearchTrial, run: Run, behind: bool) -> dict[str, Any]:
        """Cancel a run that falls behind, or for which nothing is left; the note says that the search did it."""
        ending = ""
        if behind and run.epochs_done < run.recipe.hyperparameters.epochs:
            ending = "Its validation accuracy fell behind the median of the finished trials."
        elif self._spent >= self._seconds and run.status is Status.RUNNING:
            ending = "The budget was spent while it ran, longer than its forecast."
        if not ending:
            return note
        note = note | {"ending": ending}
        self._keep(number, note, shown)
        with suppress(Conflict):  # it has ended meanwhile
            early = run.recipe.is_trained and not behind  # its best epoch so far is an answer
            self._bench.cancel(run.id, now=not early)
        return note

    def _stop(self, number: int, note: dict[str, Any], shown: SearchTrial, run: Run) -> None:
        """Take the run out of the queue; the trial stays unfinished, and goes on with it."""
        self._keep(number, note | {"stopped": True}, shown)
        if note["own"] and not note["ending"]:
            with suppress(GraftError):
                self._bench.cancel(run.id)

    def _go_on(self) -> None:
        """Finish what a stopped or killed search has left."""
        for trial in self._study.unfinished():
            note = trial.user_attrs.get(NOTE)
            if note is None:  # killed between the proposal and its note
                self._study.failed(trial.number)
                continue
            shown = _trial_of(note)
            known = self._known_run(shown.run_id)
            if note.get("stopped") and known is not None and known.status is not Status.FINISHED:
                self._wait_until_ended(known)
            if not shown.run_id or note.get("stopped"):
                self._launch(trial.number, note | {"stopped": False}, shown)
            else:
                self._follow(trial.number, note, shown)

    def _known_run(self, run_id: str) -> Run | None:
        with suppress(NotFound):
            return self._bench.registry.run(run_id) if run_id else None
        return None

    def _wait_until_ended(self, run: Run) -> None:
        """A run whose cancellation was requested is resumed only after it has stopped."""
        while run.cancel is not None and not run.status.ended:
            self._tell("Waiting until its run has stopped")
            self._wait(POLL_SECONDS)
            run = self._bench.registry.run(run.id)

    # --- what became of it ---

    def _falls_behind(self, number: int, run: Run) -> bool:
        curve = [one.val_accuracy for one in self._bench.registry.epochs(run.id)]
        if not curve or not all(map(isfinite, curve)):
            return False
        return self._study.falls_behind(number, curve, run.recipe.hyperparameters.epochs)

    def _outcome(self, shown: SearchTrial, run: Run, ending: str) -> SearchTrial:
        if run.status is Status.FINISHED:
            accuracy = self._accuracy(run)
            if accuracy is not None:
                return replace(shown, state=TrialState.FINISHED, accuracy=accuracy, reason=run.reason)
            return replace(shown, state=TrialState.FAILED, reason="Its validation accuracy is not known.")
        if run.status is Status.KILLED and ending:
            return replace(shown, state=TrialState.PRUNED, reason=ending)
        reason = (
            run.reason if run.status is Status.FAILED else "It was cancelled by a person, so it is not tried again."
        )
        return replace(shown, state=TrialState.FAILED, reason=reason)

    def _accuracy(self, run: Run) -> float | None:
        """On the validation photos, of the model's epoch."""
        found = validation_accuracies([run], self._bench.settings)
        return (found | self._bench.registry.validation_accuracies([run.id])).get(run.id)

    def _seconds_of(self, run: Run) -> float:
        """Training time of a run so far."""
        begun = [one.started_at for one in self._bench.registry.running_attempts() if one.run_id == run.id]
        return (run.wall_seconds or 0.0) + sum(max(0.0, time.time() - start) for start in begun)

    def _end(self, number: int, note: dict[str, Any], shown: SearchTrial) -> None:
        self._keep(number, note, shown)
        if shown.state is TrialState.FINISHED and shown.accuracy is not None:
            self._study.finished(number, shown.accuracy)
        elif shown.state is TrialState.PRUNED:
            self._study.pruned(number)
        else:
            self._study.failed(number)
        self._tell("Choosing a recipe")

    def _keep(self, number: int, note: dict[str, Any], shown: SearchTrial) -> None:
        self._trials[shown.number] = shown
        self._study.note(number, note | {"number": shown.number, "trial": asdict(shown)})

    def _stage(self, run: Run) -> str:
        if run.status is Status.RUNNING:
            return "Training"
        ahead = [one.id for one in self._bench.registry.queue()]
        before = ahead.index(run.id) if run.id in ahead else 0
        told = f", {count(before, 'run')} before it" if before else ""
        return f"Waiting in the queue{told}"

    def _tell(self, stage: str) -> None:
        self._report(self.status(stage))

    def status(self, stage: str = "", state: str = "running", message: str = "") -> SearchStatus:
        """How far it is."""
        return SearchStatus(
            state=state,
            stage=stage,
            message=message,
            spent=self._spent,
            minutes=self._seconds / 60,
            most_trials=self._most,
            left_out=self._left_out,
            trials=tuple(self._trials[number] for number in sorted(self._trials)),
        )


_WHILE = {Status.SCHEDULED: TrialState.WAITING, Status.RUNNING: TrialState.RUNNING}


def _trial_of(note: dict[str, Any]) -> SearchTrial:
    return SearchTrial.from_json(note["trial"])
