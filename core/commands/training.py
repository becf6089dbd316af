"""Commands that start, stop and await runs."""

import sys
import time
from argparse import Namespace

from core.commands.results import run_row
from core.errors import InvalidInput
from core.planning import Plan
from core.recipes import Pattern, Recipe, with_settings
from core.runs import Run, Status
from core.workbench import Workbench

Result = tuple[dict, bool]


def train(options: Namespace) -> Result:
    workbench = Workbench.open()
    dataset = workbench.dataset(options.dataset)
    recipes = [_recipe(workbench, dataset.id, backbone, options) for backbone in options.backbone]
    if options.dry_run:
        plans = workbench.plan(dataset.id, recipes)
        workbench.refuse_unavailable(plans)
        return {"runs": [_planned(plan, plan.run_id) for plan in plans]}, True
    launched = workbench.plan_and_launch([(dataset.id, recipe) for recipe in recipes], options.priority)
    result = {"runs": [_planned(plan, run.id) for plan, run in launched]}
    done = True
    if options.wait:
        ended = _wait_for(workbench, [run.id for _, run in launched])
        done = _report_unfinished(ended)
        for row, run in zip(result["runs"], ended, strict=True):
            row["status"] = str(run.status)
    return result, done


def _recipe(workbench: Workbench, dataset_id: str, backbone: str, options: Namespace) -> Recipe:
    assignments = dict(_assignment(text) for text in options.set)
    if options.epochs is not None:
        assignments["epochs"] = str(options.epochs)
    if options.pattern not in list(Pattern):
        raise InvalidInput(f"There is no pattern {options.pattern!r}. Choose from: {', '.join(Pattern)}")
    return Recipe(
        backbone=workbench.backbone(backbone).name,
        pattern=Pattern(options.pattern),
        hyperparameters=with_settings(workbench.defaults(dataset_id), assignments),
    )


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidInput(f"--set takes NAME=VALUE, for example seed=7. Received: {text!r}")
    return name, value


def _planned(plan: Plan, run_id: str | None) -> dict:
    return {
        "run": run_id,
        "backbone": plan.recipe.backbone,
        "decision": str(plan.decision),
        "because": plan.because,
        "first_epoch": plan.first_epoch,
        "estimate_seconds": plan.estimate_seconds,
        "estimate_source": plan.estimate_source,
    }


def train_text(result: dict) -> str:
    return "\n".join(
        f"{row['run'] or '-'}  {row['backbone']}: {row.get('status', row['decision'])}. {row['because']}"
        for row in result["runs"]
    )


def wait(options: Namespace) -> Result:
    workbench = Workbench.open()
    if options.all and options.runs:
        raise InvalidInput("Name the runs to wait for, or give --all, not both.")
    names = options.runs or [run.id for run in workbench.runs() if not run.status.ended]
    ended = _wait_for(workbench, names)
    return {"runs": [{"run": run.id, "status": str(run.status), "reason": run.reason} for run in ended]}, (
        _report_unfinished(ended)
    )


def _wait_for(workbench: Workbench, run_ids: list[str]) -> list[Run]:
    while True:
        runs = [workbench.run(run_id) for run_id in run_ids]
        if all(run.status.ended for run in runs):
            return runs
        workbench.start_supervisor()
        time.sleep(0.3)


def _report_unfinished(runs: list[Run]) -> bool:
    bad = [run for run in runs if run.status is not Status.FINISHED]
    if bad:
        told = "; ".join(f"{run.id} {run.status}: {run.reason}" for run in bad)
        print(" ".join(told.split()), file=sys.stderr)
    return not bad


def wait_text(result: dict) -> str:
    if not result["runs"]:
        return "Nothing waits or runs."
    return "\n".join(f"{row['run']}  {row['status']}  {row['reason']}".rstrip() for row in result["runs"])


def cancel(options: Namespace) -> Result:
    workbench = Workbench.open()
    run = workbench.cancel(options.run, now=not options.after_epoch)
    deadline = time.monotonic() + (0 if options.after_epoch else 30)
    while not run.status.ended and time.monotonic() < deadline:
        time.sleep(0.2)
        run = workbench.run(run.id)
    return run_row(run), options.after_epoch or run.status.ended


def resume(options: Namespace) -> Result:
    return run_row(Workbench.open().resume(options.run)), True


def run_text(result: dict) -> str:
    return f"{result['run']}  {result['status']}  {result['reason']}".rstrip()
