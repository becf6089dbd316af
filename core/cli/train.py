"""``train``: planning and launching."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from core.cli.queue import report_unfinished, wait_for
from core.cli.recipe_options import add_recipe_options
from core.cli.verbs import Result, Verbs, add_list, add_verb
from core.errors import GraftError, InvalidInput
from core.output.plans import launch_json, plan_json, planned_row
from core.planning.capacity import many_runs
from core.planning.decide import Decision, Level
from core.planning.grid_plan import GridPlan
from core.planning.needs import FORMS, needs_of
from core.planning.options import RecipeOptions, choice_of
from core.runs.values import Run, Status
from core.text.units import duration
from core.workbench import Workbench

_AHEAD = (Decision.NEW, Decision.RESUMED, Decision.EXTENDED)


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "train", train, train_text, "train backbones on a dataset in the background")
    verb.add_argument("--dataset", required=True, help="id, name or name:version")
    help_ = "names from the catalogue, or finished runs"
    verb.add_argument("--backbone", nargs="+", action="extend", default=[], metavar="B", help=help_)
    add_recipe_options(verb)
    verb.add_argument("--force", action="store_true", help="retrain even if a result exists, with the next free seed")
    verb.add_argument("--priority", type=int, default=0, help="higher starts first")
    add_list(verb, "--needs", "NEED", f"what the machine must have; one or more of: {FORMS}")
    verb.add_argument("--dry-run", action="store_true", help="only show the plan")
    verb.add_argument("--wait", action="store_true", help="until all runs have ended")
    verb.add_argument("--yes", action="store_true", help="do not ask before many runs")


def train(options: Namespace) -> Result:
    workbench, choice = Workbench.open(), choice_of(RecipeOptions.of(vars(options)))
    needs = needs_of(options.needs)
    dataset = workbench.registry.dataset(options.dataset)
    _ask_about_number(len(workbench.recipes(dataset.id, choice)), options)
    plan = workbench.grid_plan(dataset.id, choice)
    if not plan.launchable:
        raise InvalidInput(plan.refused[0].because)
    leaks = {"leaks": workbench.leak_note(dataset.id)}
    if options.dry_run:
        return plan_json(plan) | leaks, not plan.refused
    if _asks(options):
        _ask_about(plan)
    launched = workbench.launch_grid(plan, priority=options.priority, needs=needs)
    rows = [planned_row(one, run.id) | {"status": str(run.status)} for one, run in launched]
    done = _waited(workbench, [run for _, run in launched], rows) if options.wait else True
    for row in plan.refused:
        print(f"Not launched: {row.name}. {row.because}", file=sys.stderr)
    rows += [planned_row(one, None) for one in plan.plans if one.decision is Decision.REFUSED]
    return launch_json(plan, rows) | leaks, done and not plan.refused


def _waited(workbench: Workbench, runs: Sequence[Run], rows: list[dict]) -> bool:
    """Puts the final status into the rows; returns whether all runs have finished."""
    ended = wait_for(workbench, [run.id for run in runs])
    done = report_unfinished(ended)
    for row, run in zip(rows, ended, strict=True):
        row["status"] = str(run.status)
    return done


def _asks(options: Namespace) -> bool:
    """Whether questions are asked: in a terminal, without --json and --yes."""
    return sys.stdin.isatty() and not options.json and not options.yes


def _ask_about_number(number: int, options: Namespace) -> None:
    """A very large number of runs must be confirmed: in a terminal, or with --yes."""
    concern = many_runs(number)
    if concern is None or options.yes or options.dry_run:
        return
    if not _asks(options):
        raise InvalidInput(f"{concern.sentence} Nothing was launched; add --yes to confirm.")
    _confirm(concern.sentence)


def _ask_about(plan: GridPlan) -> None:
    """All questions to confirm in a terminal; a script finds them in the result."""
    everything = [concern for one in plan.launchable for concern in one.concerns] + list(plan.concerns)
    questions = [c.sentence for c in everything if c.level is Level.ASK and c != many_runs(len(plan.to_do))]
    for question in dict.fromkeys(questions):
        _confirm(f"{question} Launch anyway?")


def _confirm(question: str) -> None:
    try:
        answer = input(f"{question} [y/N] ").strip().lower()
    except EOFError:  # Ctrl-D
        answer = ""
    if answer not in ("y", "yes"):
        raise GraftError("Nothing was launched.")


def train_text(result: dict) -> str:
    lines = []
    for row in result["runs"]:
        state = row["decision"] if row.get("status") in (None, Status.SCHEDULED) else row["status"]
        takes = f", about {duration(row['estimate_seconds'])}" if row["estimate_seconds"] and state in _AHEAD else ""
        saved = f" Saves about {duration(row['saves_seconds'])}." if row["saves_seconds"] >= 1 else ""
        lines.append(f"{row['run'] or '-'}  {row['name']}: {state}{takes}. {row['because']}{saved}")
        lines += [f"    {concern['sentence']}" for concern in row["concerns"]]
        lines += [f"    Remedy: {remedy['label']}." for remedy in row["remedies"]]
    lines += [f"{result['plan']['sentence']}.", *filter(None, [result["plan"]["copied"]])]
    lines += [part["sentence"] for part in (result["plan"]["band"], result["plan"]["forecast_error"]) if part]
    lines += [leaks["sentence"]] if (leaks := result.get("leaks")) else []
    return "\n".join([*lines, *(concern["sentence"] for concern in result["concerns"])])
