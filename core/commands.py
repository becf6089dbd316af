"""What every command of the command line does: options in, (JSON-able result, done) out, and its text for people."""

import sys
import time
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from core.errors import GraftError, InvalidInput
from core.planning import Plan
from core.recipes import Pattern, Recipe, with_settings
from core.runs import Run, Status
from core.workbench import Workbench

Result = tuple[dict, bool]


# --- photos ---


def import_(options: Namespace) -> Result:
    workbench = Workbench.open()
    progress = None if options.json or not sys.stderr.isatty() else _show_progress
    dataset, known = workbench.import_photos(options.path, options.name, seed=options.seed, progress=progress)
    result = {
        "dataset": dataset.id,
        "name": dataset.name,
        "version": dataset.version,
        "digest": dataset.digest,
        "classes": dataset.class_sizes,
        "splits": dataset.split_sizes,
        "accepted": dataset.photo_count,
        "rejected": [asdict(rejection) for rejection in dataset.rejections],
        "seconds": round(dataset.seconds, 3),
        "already_there": known,
    }
    return result, True


def _show_progress(progress) -> None:
    print(f"\r{progress.stage}: {progress.done} of {progress.total} photos ", end="", file=sys.stderr, flush=True)


def import_text(result: dict) -> str:
    split = ", ".join(f"{count} {name}" for name, count in result["splits"].items())
    lines = [
        f"{result['name']} (version {result['version']}, {result['dataset']}): {result['accepted']} photos, "
        f"{len(result['classes'])} classes; {split}.",
        *(f"  refused {rejection['file']}: {rejection['reason']}" for rejection in result["rejected"]),
    ]
    if result["already_there"]:
        lines.append("Exactly these photos were here already; nothing was added.")
    return "\n".join(lines)


def datasets(options: Namespace) -> Result:
    rows = [
        {
            "dataset": dataset.id,
            "name": dataset.name,
            "version": dataset.version,
            "digest": dataset.digest,
            "classes": dataset.class_sizes,
            "splits": dataset.split_sizes,
        }
        for dataset in Workbench.open().datasets()
    ]
    return {"datasets": rows}, True


def datasets_text(result: dict) -> str:
    rows = [
        (row["dataset"], f"{row['name']}:{row['version']}", sum(row["splits"].values()), len(row["classes"]))
        for row in result["datasets"]
    ]
    return _table(("dataset", "name", "photos", "classes"), rows)


def backbones(options: Namespace) -> Result:
    rows = [
        asdict(backbone) | {"availability": str(availability), "blocks": list(backbone.blocks)}
        for backbone, availability in Workbench.open().backbones()
    ]
    return {"backbones": rows}, True


def backbones_text(result: dict) -> str:
    rows = [
        (row["name"], row["availability"], f"{row['parameters'] / 1e6:.1f} M", row["input_size"], f"{row['top1']:.1%}")
        for row in result["backbones"]
    ]
    return _table(("backbone", "weights", "parameters", "input", "ImageNet top-1"), rows)


# --- training ---


def train(options: Namespace) -> Result:
    workbench = Workbench.open()
    dataset = workbench.dataset(options.dataset)
    plans = workbench.plan(dataset.id, [_recipe(workbench, dataset.id, b, options) for b in options.backbone])
    if options.dry_run:
        return {"runs": [_planned(plan, plan.run_id) for plan in plans]}, True
    launched = workbench.launch(plans, priority=options.priority)
    result = {"runs": [_planned(plan, run.id) for plan, run in zip(plans, launched, strict=True)]}
    done = True
    if options.wait:
        ended = _wait_for(workbench, [run.id for run in launched])
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
    }


def train_text(result: dict) -> str:
    return "\n".join(
        f"{row['run'] or '-'}  {row['backbone']}: {row.get('status', row['decision'])}. {row['because']}"
        for row in result["runs"]
    )


def wait(options: Namespace) -> Result:
    workbench = Workbench.open()
    if options.all == bool(options.runs):
        raise InvalidInput("Name the runs to wait for, or give --all.")
    names = [run.id for run in workbench.runs() if not run.status.ended] if options.all else options.runs
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
        print("; ".join(f"{run.id} {run.status}: {run.reason}" for run in bad), file=sys.stderr)
    return not bad


def wait_text(result: dict) -> str:
    return "\n".join(f"{row['run']}  {row['status']}  {row['reason']}".rstrip() for row in result["runs"])


def cancel(options: Namespace) -> Result:
    workbench = Workbench.open()
    run = workbench.cancel(options.run, now=not options.after_epoch)
    deadline = time.monotonic() + (0 if options.after_epoch else 30)
    while not run.status.ended and time.monotonic() < deadline:
        time.sleep(0.2)
        run = workbench.run(run.id)
    return _run_row(run), options.after_epoch or run.status.ended


def resume(options: Namespace) -> Result:
    return _run_row(Workbench.open().resume(options.run)), True


def run_text(result: dict) -> str:
    return f"{result['run']}  {result['status']}  {result['reason']}".rstrip()


# --- results ---


def _run_row(run: Run) -> dict:
    return {
        "run": run.id,
        "name": run.name,
        "dataset": run.dataset_id,
        "recipe": run.recipe.to_dict(),
        "status": str(run.status),
        "reason": run.reason,
        "epochs_done": run.epochs_done,
        "best_epoch": run.best_epoch,
        "accuracy": run.test_accuracy,
        "wall_seconds": run.wall_seconds,
        "priority": run.priority,
        "attempt": run.attempt,
        "extends": run.extends,
        "created_at": run.created_at,
        "tags": list(run.tags),
    }


def runs(options: Namespace) -> Result:
    workbench = Workbench.open()
    dataset_id = workbench.dataset(options.dataset).id if options.dataset else None
    return {"runs": [_run_row(run) for run in workbench.runs(dataset_id)]}, True


def runs_text(result: dict) -> str:
    rows = [
        (row["run"], row["status"], row["name"], row["epochs_done"], _percent(row["accuracy"])) for row in result["runs"]
    ]
    return _table(("run", "status", "name", "epochs", "test accuracy"), rows)


def show(options: Namespace) -> Result:
    workbench = Workbench.open()
    run = workbench.run(options.run)
    evaluation, cost = workbench.evaluation(run.id), workbench.cost(run.id)
    result = _run_row(run) | {
        "epochs": [asdict(epoch) for epoch in workbench.epochs(run.id)],
        "evaluation": asdict(evaluation) if evaluation else None,
        "cost": asdict(cost) if cost else None,
        "attempts": [asdict(attempt) for attempt in workbench.attempts(run.id)],
        "model": _model_row(workbench, run),
    }
    return result, True


def _model_row(workbench: Workbench, run: Run) -> dict | None:
    for model in workbench.models(run.dataset_id):
        if model.run_id == run.id:
            path = workbench.settings.home / model.path
            return {"model": model.id, "path": str(path), "sha256": model.sha256, "bytes": model.size_bytes}
    return None


def show_text(result: dict) -> str:
    lines = [f"{result['run']}  {result['name']}  {result['status']}  {result['reason']}".rstrip()]
    recipe = result["recipe"]
    lines.append(f"  {recipe['backbone']}, {recipe['pattern']}, {recipe['hyperparameters']}")
    if result["evaluation"]:
        evaluation = result["evaluation"]
        low, high = evaluation["ci95"]
        lines.append(
            f"  test accuracy {_percent(evaluation['accuracy'])} (95 % {_percent(low)} to {_percent(high)}, "
            f"{evaluation['n']} photos), best epoch {result['best_epoch']} of {result['epochs_done']}"
        )
    if result["cost"]:
        cost = result["cost"]
        lines.append(f"  {cost['wall_seconds']:.1f} s paid, {cost['alone_wall_seconds']:.1f} s alone")
    if result["model"]:
        lines.append(f"  {result['model']['path']}")
    return "\n".join(lines)


def compare(options: Namespace) -> Result:
    return Workbench.open().comparison(options.runs), True


def compare_text(result: dict) -> str:
    rows = [
        (row["run"], row["name"], _percent(row["accuracy"]), f"{row['wall_seconds']:.1f} s") for row in result["runs"]
    ]
    return _table(("run", "name", "test accuracy", "paid"), rows) + f"\n{result['verdict']}"


def predict(options: Namespace) -> Result:
    if not 1 <= options.top <= 1000:
        raise InvalidInput(f"--top must be between 1 and 1000. Received: {options.top}")
    workbench = Workbench.open()
    photos = [(name, _read(name)) for name in options.photos]
    rows = [asdict(row) for row in workbench.predict(options.model, photos, top=options.top)]
    refused = [row for row in rows if row["reason"]]
    for row in refused:
        print(f"{row['file']}: {row['reason']}", file=sys.stderr)
    return {"photos": rows}, not refused


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror}.") from None


def predict_text(result: dict) -> str:
    lines = []
    for row in result["photos"]:
        lines.append(f"{row['file']}")
        for answer in row["answers"]:
            best = ", ".join(f"{p['class_name']} {_percent(p['probability'])}" for p in answer["predictions"])
            lines.append(f"  {answer['model']}: {best}")
    return "\n".join(lines)


# --- housekeeping ---


def delete(options: Namespace) -> Result:
    workbench = Workbench.open()
    chosen = {kind: getattr(options, kind) for kind in ("run", "model", "dataset") if getattr(options, kind)}
    if len(chosen) != 1:
        raise InvalidInput("Name one run, or give --model RUN or --dataset D.")
    (kind, reference), *_ = chosen.items()
    toll = workbench.toll(**chosen)
    if sys.stdin.isatty() and not options.yes and not options.json:
        question = f"Delete {toll.runs} runs, {toll.models} models, {toll.bytes / 1e6:.1f} MB? [y/N] "
        if input(question).strip().lower() not in ("y", "yes"):
            raise GraftError("Nothing was deleted.")
    deletions = {"run": workbench.delete_run, "model": workbench.delete_model, "dataset": workbench.delete_dataset}
    return {"deleted": reference, "kind": kind} | asdict(deletions[kind](reference)), True


def delete_text(result: dict) -> str:
    return f"Deleted {result['kind']} {result['deleted']}: {result['bytes'] / 1e6:.1f} MB freed."


def stop(options: Namespace) -> Result:
    return {"stopped": Workbench.open().stop_supervisor(now=options.now)}, True


def stop_text(result: dict) -> str:
    return "The supervisor has ended." if result["stopped"] else "No supervisor was running."


def doctor(options: Namespace) -> Result:
    checks = Workbench.open().doctor()
    return {"checks": [asdict(check) for check in checks]}, all(check.good for check in checks)


def doctor_text(result: dict) -> str:
    return "\n".join(
        f"{'ok ' if check['good'] else 'BAD'}  {check['name']}: {check['found']}"
        + ("" if check["good"] else f" -> {check['advice']}")
        for check in result["checks"]
    )


def run_dashboard(options: Namespace) -> Result:
    from core.web.serve import serve  # the web half is only needed here

    workbench = Workbench.open()
    workbench.start_supervisor()
    try:
        serve(workbench.settings)
    finally:
        if not any(not run.status.ended for run in workbench.runs()):
            workbench.stop_supervisor()
    return {}, True


def nothing_text(result: dict) -> str:
    return ""


# --- tables for people ---


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _table(header: tuple, rows: list[tuple]) -> str:
    cells = [header, *[tuple(map(str, row)) for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
