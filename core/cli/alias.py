"""``alias``: the champion of a dataset, and the history of its aliases."""

from argparse import Namespace

from core.cli.verbs import Result, Verbs, add_verb, table
from core.errors import InvalidInput
from core.output.aliases import aliases_json
from core.runs.values import CHAMPION
from core.text.units import moment
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "alias", alias, alias_text, "the champion of a dataset, and its history")
    verb.add_argument("dataset", help="id, name or name:version")
    verb.add_argument("--name", default=CHAMPION, metavar="ALIAS", help=f"another alias than {CHAMPION}")
    verb.add_argument("--set", metavar="RUN", help="give it to this run")
    verb.add_argument("--roll-back", action="store_true", help="give it back to the run that held it before")
    verb.add_argument("--drop", action="store_true", help="remove it")
    verb.add_argument("--why", default="", metavar="TEXT", help="for the history")
    verb.add_argument("--who", default="", metavar="TEXT", help="for the history (default: your login name)")


def alias(options: Namespace) -> Result:
    """Shows the aliases of a dataset and their runs, after the requested change."""
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
    return aliases_json(workbench, dataset), True


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
    return f"{back}{move['run_name']} ({move['run_id']})" if move["run_id"] else "removed"
