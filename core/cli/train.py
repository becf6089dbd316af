"""``backbones`` and ``train``: what can be trained, planning and launching it."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict

from core.cli.queue import report_unfinished, wait_for
from core.cli.recipe_options import add_recipe_options, choice_of
from core.cli.verbs import Result, Verbs, add_verb, table
from core.errors import GraftError, InvalidInput
from core.planning.capacity import many_runs
from core.planning.decide import Concern, Decision, Level, Plan
from core.planning.grid_plan import GridPlan, InvalidRow
from core.runs.values import Run, Status
from core.text.units import duration, percent
from core.workbench import Workbench

_AHEAD = (Decision.NEW, Decision.RESUMED, Decision.EXTENDED)


def add_verbs(verbs: Verbs) -> None:
    add_verb(verbs, "backbones", backbones, backbones_text, "list the pretrained backbones")
    verb = add_verb(verbs, "train", train, train_text, "train backbones on a dataset in the background")
    verb.add_argument("--dataset", required=True, help="id, name or name:version")
    help_ = "names from the catalogue, or finished runs"
    verb.add_argument("--backbone", nargs="+", action="extend", default=[], metavar="B", help=help_)
    add_recipe_options(verb)
    verb.add_argument("--force", action="store_true", help="retrain even if a result exists, with the next free seed")
    verb.add_argument("--priority", type=int, default=0, help="higher starts first")
    verb.add_argument("--dry-run", action="store_true", help="only show the plan")
    verb.add_argument("--wait", action="store_true", help="until all runs have ended")
    verb.add_argument("--yes", action="store_true", help="do not ask before many runs")


def backbones(options: Namespace) -> Result:
    rows = [
        asdict(backbone) | {"availability": str(availability), "blocks": list(backbone.blocks)}
        for backbone, availability in Workbench.open().backbones()
    ]
    return {"backbones": rows}, True


def backbones_text(result: dict) -> str:
    rows = [
        (row["name"], row["availability"], f"{row['parameters'] / 1e6:.1f} M", row["input_size"], percent(row["top1"]))
        for row in result["backbones"]
    ]
    return table(("backbone", "weights", "parameters", "input", "ImageNet top-1"), rows)


def train(options: Namespace) -> Result:
    workbench, choice = Workbench.open(), choice_of(options)
    dataset = workbench.registry.dataset(options.dataset)
    _ask_about_number(len(workbench.recipes(dataset.id, choice)), options)
    plan = workbench.grid_plan(dataset.id, choice)
    if not plan.launchable:
        raise InvalidInput(plan.refused[0].because)
    if options.dry_run:
        return _result(plan, [_planned(one, one.run_id) for one in plan.plans]), not plan.refused
    if _asks(options):
        _ask_about(plan)
    launched = workbench.launch_grid(plan, priority=options.priority)
    rows = [_planned(one, run.id) | {"status": str(run.status)} for one, run in launched]
    done = _waited(workbench, [run for _, run in launched], rows) if options.wait else True
    for row in plan.refused:
        print(f"Not launched: {row.name}. {row.because}", file=sys.stderr)
    rows += [_planned(one, None) for one in plan.plans if one.decision is Decision.REFUSED]
    return _result(plan, rows), done and not plan.refused


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


def _planned(plan: Plan, run_id: str | None) -> dict:
    recipe, settings = plan.recipe, plan.recipe.settings()
    return {
        "run": run_id,
        "name": plan.name,
        "backbone": recipe.backbone,
        "pattern": str(recipe.pattern),
        "depth": settings.get("depth"),
        "seed": settings.get("seed"),
        "fingerprint": plan.fingerprint,
        "decision": str(plan.decision),
        "because": plan.because,
        "first_epoch": plan.first_epoch,
        "estimate_seconds": plan.estimate_seconds,
        "estimate_source": plan.estimate_source,
        "saves_seconds": plan.saves_seconds,
        "saves_source": plan.saves_source,
        "features_stored": plan.features_stored,
        "disk_bytes": plan.disk_bytes,
        "memory_bytes": plan.memory_bytes,
        "concerns": [concern_json(concern) for concern in plan.concerns],
        "remedies": [remedy.to_dict() for remedy in plan.remedies],
    }


def _result(plan: GridPlan, rows: list[dict]) -> dict:
    return {
        "runs": [*rows, *(_invalid(row) for row in plan.rows if isinstance(row, InvalidRow))],
        "plan": grid_plan_json(plan),
        "concerns": [concern_json(concern) for concern in plan.concerns],
    }


def _invalid(row: InvalidRow) -> dict:
    """As ``_planned``, of a row that is no recipe."""
    return {
        "run": None,
        "name": row.name,
        "backbone": ", ".join(row.cell.sources),
        "pattern": str(row.cell.pattern),
        "settings": dict(row.cell.settings),
        "decision": str(row.decision),
        "because": row.because,
        "estimate_seconds": 0.0,
        "saves_seconds": 0.0,
        "concerns": [],
        "remedies": [remedy.to_dict() for remedy in row.remedies],
    }


def concern_json(concern: Concern) -> dict:
    return {
        "level": str(concern.level),
        "sentence": concern.sentence,
        "remedies": [remedy.to_dict() for remedy in concern.remedies],
    }


def grid_plan_json(plan: GridPlan) -> dict:
    """The launch as a whole."""
    return {
        "sentence": plan.sentence,
        "runs": len(plan.to_do),
        "decisions": {str(decision): number for decision, number in plan.counts.items()},
        "slots": plan.slots,
        "seconds": plan.seconds,
        "alone_seconds": plan.alone_seconds,
        "saves_seconds": plan.saves_seconds,
        "start_seconds": plan.start_seconds,
        "shared_seconds": {str(kind): seconds for kind, seconds in plan.shared_seconds.items()},
        "disk_bytes": plan.disk_bytes,
        "estimate_sources": list(plan.estimate_sources),
    }


def train_text(result: dict) -> str:
    lines = []
    for row in result["runs"]:
        state = row["decision"] if row.get("status") in (None, Status.SCHEDULED) else row["status"]
        takes = f", about {duration(row['estimate_seconds'])}" if row["estimate_seconds"] and state in _AHEAD else ""
        saved = f" Saves about {duration(row['saves_seconds'])}." if row["saves_seconds"] >= 1 else ""
        lines.append(f"{row['run'] or '-'}  {row['name']}: {state}{takes}. {row['because']}{saved}")
        lines += [f"    {concern['sentence']}" for concern in row["concerns"]]
        lines += [f"    Remedy: {remedy['label']}." for remedy in row["remedies"]]
    lines += [f"{result['plan']['sentence']}."]
    return "\n".join([*lines, *(concern["sentence"] for concern in result["concerns"])])
