"""``delete``: runs, the weights of runs, or a dataset."""

import sys
from argparse import Namespace

from core.cli.verbs import Result, Verbs, add_runs, add_verb
from core.errors import GraftError, InvalidInput
from core.output.deletions import deletion_json
from core.text.units import count, listed, size
from core.workbench import Workbench
from core.workbench.delete import DeletionImpact, impact_label, used_by_label


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "delete", delete, delete_text, "delete runs, weights or a dataset")
    add_runs(verb, "*")
    verb.add_argument("--weights", action="store_true", help="only their models and checkpoints; the record stays")
    verb.add_argument("--model", metavar="RUN", help="only the weights of this run")
    verb.add_argument("--dataset", help="a dataset with all its runs")
    verb.add_argument("--dry-run", action="store_true", help="only show what would be deleted")
    verb.add_argument("--yes", action="store_true", help="do not ask")


def delete(options: Namespace) -> Result:
    """Runs, the weights of runs, or a dataset; asks for confirmation in a terminal."""
    workbench = Workbench.open()
    kind, references = _what(options)
    if options.model:
        references = [workbench.registry.model(options.model).run_id]
    if kind == "dataset":
        impact = workbench.preview_deletion(dataset=references[0])
    else:
        impact = workbench.preview_deletion(references, weights_only=kind == "model")
    if options.dry_run:
        return deletion_json(kind, references, impact, dry_run=True), True
    if sys.stdin.isatty() and not options.yes and not options.json:
        _ask(impact)
    if kind == "dataset":
        impact = workbench.delete_dataset(references[0])
    else:
        impact = workbench.delete_weights(references) if kind == "model" else workbench.delete_runs(references)
    return deletion_json(kind, references, impact), True


def _ask(impact: DeletionImpact) -> None:
    champions = f" Among them: the {listed(impact.aliases)}." if impact.aliases else ""
    if _answer(f"Delete {impact_label(impact)}?{champions}{used_by_label(impact)} [y/N] ") not in ("y", "yes"):
        raise GraftError("Nothing was deleted.")


def _what(options: Namespace) -> tuple[str, list[str]]:
    """("run", "model" or "dataset", which ones)."""
    of_runs = ("model" if options.weights else "run", options.runs)
    given = [of_runs, ("model", [options.model]), ("dataset", [options.dataset])]
    named = [(kind, which) for kind, which in given if any(which)]
    if len(named) != 1 or (options.weights and not options.runs):  # --weights --dataset D would leave no record
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
    if result["dry_run"]:
        return f"Would delete {what}{named}: {size(result['bytes'])}."
    return f"Deleted {what}{named}: {size(result['bytes'])} freed."
