"""``queue``, ``wait``, ``cancel`` and ``resume``: runs that have not ended, or did not finish."""

import sys
import time
from argparse import Namespace
from collections.abc import Iterable

from core import jobs
from core.cli.verbs import Result, Verbs, add_runs, add_verb, table
from core.errors import InvalidInput
from core.output.queue import queue_json
from core.output.runs import run_row
from core.runs.values import Run, Status
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    add_verb(verbs, "queue", queue, queue_text, "what runs and what waits, the next one first")
    verb = add_verb(verbs, "wait", wait, wait_text, "wait until runs have ended")
    add_runs(verb, "*")
    verb.add_argument("--all", action="store_true", help="every waiting or running run (the default)")
    verb = add_verb(verbs, "cancel", cancel, run_text, "stop a run; it can be resumed")
    verb.add_argument("run", metavar="RUN")
    verb.add_argument("--after-epoch", action="store_true", help="finish the current epoch first and keep the model")
    verb = add_verb(verbs, "resume", resume, run_text, "resume a failed or cancelled run")
    verb.add_argument("run", metavar="RUN")


def queue(options: Namespace) -> Result:
    return queue_json(Workbench.open()), True


def queue_text(result: dict) -> str:
    rows = [(row["run"], row["status"], row["name"]) for row in (*result["running"], *result["waiting"])]
    told = table(("run", "status", "name"), rows) if rows else "No run is waiting or running."
    told = "\n".join([told, *wait_lines(result["waiting"])])
    return f"{told}\n{result['paused']}" if result["paused"] and result["waiting"] else told


def wait_lines(rows: Iterable[dict]) -> list[str]:
    """Why runs wait that do not only wait their turn."""
    return [f"{row['run']} waits: {row['waits']}" for row in rows if row.get("waits")]


def wait(options: Namespace) -> Result:
    workbench = Workbench.open()
    if options.all and options.runs:
        raise InvalidInput("Name the runs to wait for, or give --all, not both.")
    names = options.runs or [run.id for run in workbench.registry.runs() if not run.status.ended]
    ended = wait_for(workbench, names)
    return {"runs": [{"run": run.id, "status": str(run.status), "reason": run.reason} for run in ended]}, (
        report_unfinished(ended)
    )


def wait_for(workbench: Workbench, run_ids: list[str]) -> list[Run]:
    """Waits until all runs have ended and returns them; keeps a supervisor running meanwhile."""
    while True:
        runs = [workbench.registry.run(run_id) for run_id in run_ids]
        if all(run.status.ended for run in runs):
            return runs
        jobs.ensure_supervisor(workbench.settings)
        time.sleep(0.3)


def report_unfinished(runs: list[Run]) -> bool:
    """Prints on stderr which of the ended runs did not finish; True when all did."""
    bad = [run for run in runs if run.status is not Status.FINISHED]
    if bad:
        told = "; ".join(f"{run.id} {run.status}: {run.reason}" for run in bad)
        print(" ".join(told.split()), file=sys.stderr)
    return not bad


def wait_text(result: dict) -> str:
    if not result["runs"]:
        return "No run is waiting or running."
    return "\n".join(f"{row['run']}  {row['status']}  {row['reason']}".rstrip() for row in result["runs"])


def cancel(options: Namespace) -> Result:
    workbench = Workbench.open()
    run = workbench.cancel(options.run, now=not options.after_epoch)
    deadline = time.monotonic() + (0 if options.after_epoch else 30)
    while not run.status.ended and time.monotonic() < deadline:
        time.sleep(0.2)
        run = workbench.registry.run(run.id)
    return run_row(run), options.after_epoch or run.status.ended


def resume(options: Namespace) -> Result:
    return run_row(Workbench.open().resume(options.run)), True


def run_text(result: dict) -> str:
    return f"{result['run']}  {result['status']}  {result['reason']}".rstrip()
