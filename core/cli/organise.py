"""Commands that keep order: stars, tags, the archive, names and notes, aliases, and deleting."""

import sys
from argparse import Namespace
from dataclasses import asdict

from core.cli.text_tables import table
from core.errors import GraftError, InvalidInput
from core.runs.values import AliasMove, Run
from core.text.units import count, listed, moment, size
from core.workbench import Workbench
from core.workbench.delete import DeletionImpact, impact_label, used_by_label

Result = tuple[dict, bool]


def star(options: Namespace) -> Result:
    workbench = Workbench.open()
    workbench.star(options.runs, on=not options.off)
    return _words(workbench, options.runs), True


def archive(options: Namespace) -> Result:
    workbench = Workbench.open()
    workbench.archive(options.runs, on=not options.off)
    return _words(workbench, options.runs), True


def tag(options: Namespace) -> Result:
    if not (options.add or options.remove):
        raise InvalidInput("Say which tags: --add TAG, --remove TAG, or both.")
    workbench = Workbench.open()
    workbench.tag(options.runs, options.add, options.remove)
    return _words(workbench, options.runs), True


def rename(options: Namespace) -> Result:
    workbench = Workbench.open()
    workbench.annotate(options.run, name=options.name)
    return _words(workbench, [options.run]), True


def note(options: Namespace) -> Result:
    workbench = Workbench.open()
    text = sys.stdin.read() if options.text == "-" else options.text
    workbench.annotate(options.run, notes=text)
    return _words(workbench, [options.run]), True


def _words(workbench: Workbench, references: list[str]) -> dict:
    runs = {run.id: run for run in map(workbench.registry.run, references)}
    return {"runs": [words_row(run) for run in runs.values()]}


def words_row(run: Run) -> dict:
    """What a person has said about a run, as JSON."""
    return {
        "run": run.id,
        "name": run.name,
        "starred": run.starred,
        "archived": run.archived,
        "tags": list(run.tags),
        "notes": run.notes,
    }


def words_text(result: dict) -> str:
    lines = []
    for row in result["runs"]:
        said = ["starred"] * row["starred"] + ["archived"] * row["archived"] + [f"#{tag}" for tag in row["tags"]]
        lines.append(f"{row['run']}  {row['name']}  {', '.join(said)}".rstrip())
    return "\n".join(lines)


# --- aliases ---


def alias(options: Namespace) -> Result:
    """Shows who holds the aliases of a dataset, after the one change that was asked for."""
    workbench, name = Workbench.open(), options.name
    dataset, words = workbench.registry.dataset(options.dataset), (options.why, options.who)
    if sum(map(bool, (options.set, options.roll_back, options.drop))) > 1:
        raise InvalidInput("One at a time: --set RUN, --roll-back or --drop.")
    if options.set:
        run = workbench.registry.run(options.set)
        if run.dataset_id != dataset.id:
            raise InvalidInput(f"Run {run.id} is not of {dataset.name} version {dataset.version}. Choose one that is.")
        workbench.set_alias(run.id, name, *words)
    elif options.roll_back:
        workbench.roll_back_alias(dataset.id, name, *words)
    elif options.drop:
        workbench.drop_alias(dataset.id, name, *words)
    history = workbench.registry.alias_history(dataset.id)
    result = {"dataset": dataset.id, "name": dataset.name, "version": dataset.version}
    result["aliases"] = {name: move.run_id for name, move in workbench.aliases(dataset.id).items()}
    result["lost"] = {name: move.run_id for name, move in workbench.lost_aliases(dataset.id).items()}
    return result | {"history": [_move(move) for move in history]}, True


def _move(move: AliasMove) -> dict:
    return {name: value for name, value in asdict(move).items() if name != "dataset_id"}


def alias_text(result: dict) -> str:
    title = f"{result['name']} version {result['version']}"
    lines = [f"{name} of {title}: {run}" for name, run in result["aliases"].items()]
    lines += [f"{name} of {title}: empty, since run {run} was deleted" for name, run in result["lost"].items()]
    rows = [
        (moment(move["at"]), move["who"] or "-", move["alias"], _came_to(move), move["why"] or "-")
        for move in result["history"]
    ]
    lines = lines or [f"{title} has no alias."]
    return "\n".join([*lines, table(("when (UTC)", "who", "alias", "run", "why"), rows)] if rows else lines)


def _came_to(move: dict) -> str:
    back = "back to " if move["restores"] else ""
    return f"{back}{move['run_name']} ({move['run_id']})" if move["run_id"] else "taken away"


# --- deleting ---


def delete(options: Namespace) -> Result:
    """Runs, the weights of runs, or a dataset; asks first where somebody can answer."""
    workbench = Workbench.open()
    kind, references = _what(options)
    if options.model:
        references = [workbench.registry.model(options.model).run_id]
    if kind == "dataset":
        impact = workbench.preview_deletion(dataset=references[0])
    else:
        impact = workbench.preview_deletion(references, weights_only=kind == "model")
    if sys.stdin.isatty() and not options.yes and not options.json:
        _ask(impact)
    if kind == "dataset":
        impact = workbench.delete_dataset(references[0])
    else:
        impact = workbench.delete_weights(references) if kind == "model" else workbench.delete_runs(references)
    deleted = references[0] if len(references) == 1 else references
    return {"deleted": deleted, "kind": kind} | asdict(impact), True


def _ask(impact: DeletionImpact) -> None:
    champions = f" Among them: the {listed(impact.aliases)}." if impact.aliases else ""
    if _answer(f"Delete {impact_label(impact)}?{champions}{used_by_label(impact)} [y/N] ") not in ("y", "yes"):
        raise GraftError("Nothing was deleted.")


def _what(options: Namespace) -> tuple[str, list[str]]:
    """("run", "model" or "dataset", which ones)."""
    of_runs = ("model" if options.weights else "run", options.runs)
    given = [of_runs, ("model", [options.model]), ("dataset", [options.dataset])]
    named = [(kind, which) for kind, which in given if any(which)]
    if len(named) != 1 or (options.weights and not options.runs):  # --weights --dataset D keeps no record of anything
        raise InvalidInput("Name runs (with --weights only their weights go), or give --model RUN or --dataset D.")
    return named[0]


def _answer(question: str) -> str:
    try:
        return input(question).strip().lower()
    except EOFError:  # Ctrl-D
        return ""


def delete_text(result: dict) -> str:
    deleted = result["deleted"]
    named = deleted if isinstance(deleted, str) else count(len(deleted), "run")
    what = "the weights of " if result["kind"] == "model" else f"{result['kind']} " if isinstance(deleted, str) else ""
    return f"Deleted {what}{named}: {size(result['bytes'])} freed."
