"""``ensemble``, ``confidence`` and ``reproduce``: runs made of finished runs."""

from argparse import Namespace

from core.cli.queue import report_unfinished, wait_for
from core.cli.verbs import Result, Verbs, add_runs, add_verb
from core.output.plans import combined_json
from core.output.runs import reproduction_row, run_row
from core.planning.decide import Decision
from core.runs.values import Status
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "ensemble", ensemble, combined_text, "average the predictions of finished runs; no training")
    add_runs(verb)
    help_ = "a cheap run predicts where it is confident, a costly one elsewhere"
    verb = add_verb(verbs, "confidence", confidence, combined_text, help_)
    verb.add_argument("cheap", metavar="RUN")
    verb.add_argument("costly", metavar="RUN")
    verb = add_verb(verbs, "reproduce", reproduce, reproduce_text, "repeat a finished run with its seed and compare")
    verb.add_argument("run", metavar="RUN")
    verb.add_argument("--no-wait", action="store_true", help="do not wait for its end")


def ensemble(options: Namespace) -> Result:
    plan, run = Workbench.open().ensemble(options.runs)
    return combined_json(plan, run), True


def confidence(options: Namespace) -> Result:
    workbench = Workbench.open()
    plan, run = workbench.confidence(options.cheap, options.costly)
    return combined_json(plan, run) | {"choice": workbench.registry.model(run.id).card.get("choice", {})}, True


def combined_text(result: dict) -> str:
    known = " Reused: these runs were combined before." if result["decision"] == Decision.REUSED else ""
    lines = [f"{result['run']}  {result['name']}: test accuracy {100 * result['accuracy']:.1f} %.{known}"]
    if "threshold" in result.get("choice", {}):
        threshold = 100 * result["choice"]["threshold"]
        lines.append(f"    The first run is used when its confidence is at least {threshold:.0f} %.")
    return "\n".join([*lines, *(f"    {concern['sentence']}" for concern in result["concerns"])])


def reproduce(options: Namespace) -> Result:
    """Repeats the run, waits for it (unless ``--no-wait``), and shows every metric of both."""
    workbench = Workbench.open()
    run = workbench.reproduce(options.run)
    if not options.no_wait:
        (run,) = wait_for(workbench, [run.id])
        report_unfinished([run])
    return run_row(run) | reproduction_row(workbench, run), options.no_wait or run.status is Status.FINISHED


def reproduce_text(result: dict) -> str:
    found = result["reproduction"]
    lines = [f"{result['run']}  {result['name']}: {result['status']}. {result['reason']}".rstrip()]
    if found["identical"] is None:
        return lines[0]
    lines.append("Both runs are identical to the last bit." if found["identical"] else "The runs differ:")
    lines += [
        f"    {one['name']}: {one['original']:g} and {one['again']:g} ({one['difference']:+g})"
        for one in found["differences"]
        if one["difference"] is not None
    ]
    return "\n".join(lines)
