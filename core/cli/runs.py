"""``runs`` and ``show``."""

from argparse import Namespace

from core.cli.queue import wait_lines
from core.cli.verbs import Result, Verbs, add_list, add_verb, leak_lines, table
from core.comparison.cost_axes import UNKNOWN_TRAINING_TIME
from core.errors import InvalidInput
from core.models.card import FEATURES
from core.output.runs import run_json, runs_json
from core.recipes.labels import method_title
from core.recipes.recipe import PARTS, Recipe
from core.registry.search import RunQuery
from core.text.units import percent
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "runs", runs, runs_text, "list runs, newest first")
    verb.add_argument("--dataset", help="only of this dataset")
    help_ = "only with all of these words in id, name, notes, tags, pattern or backbone"
    verb.add_argument("--search", default="", metavar="TEXT", help=help_)
    add_list(verb, "--tag", "TAG", "only with all of these tags")
    verb.add_argument("--starred", action="store_true", help="only starred ones")
    verb.add_argument("--archived", action="store_true", help="also archived ones")
    verb.add_argument("--limit", type=int, metavar="N", help="at most so many")
    verb.add_argument("--offset", type=int, default=0, metavar="N", help="without the first N")
    verb = add_verb(verbs, "show", show, show_text, "all about one run")
    verb.add_argument("run", metavar="RUN")


def runs(options: Namespace) -> Result:
    if (options.limit or 0) < 0 or options.offset < 0:
        raise InvalidInput(f"--limit and --offset count runs. Received: {options.limit}, {options.offset}")
    workbench = Workbench.open()
    dataset_id = workbench.registry.dataset(options.dataset).id if options.dataset else None
    query = RunQuery(
        dataset_id=dataset_id,
        text=options.search,
        statuses=(),
        tags=tuple(options.tag),
        starred=options.starred,
        archived=options.archived,
    )
    return runs_json(workbench, query, limit=options.limit, offset=options.offset), True


def runs_text(result: dict) -> str:
    rows = [
        (row["run"], row["status"], row["name"], row["epochs_done"], percent(row["accuracy"])) for row in result["runs"]
    ]
    listed = table(("run", "status", "name", "epochs", "test accuracy"), rows)
    return "\n".join([listed, *wait_lines(result["runs"]), *leak_lines(result)])


def show(options: Namespace) -> Result:
    workbench = Workbench.open()
    return run_json(workbench, workbench.registry.run(options.run)), True


def show_text(result: dict) -> str:
    lines = [f"{result['run']}  {result['name']}  {result['status']}  {result['reason']}".rstrip()]
    lines.append(f"  {_recipe_line(Recipe.from_dict(result['recipe']))}")
    lines += [f"  {result['waits']}"] if result["waits"] else []
    if result["evaluation"]:
        evaluation = result["evaluation"]
        low, high = evaluation["ci95"]
        lines.append(
            f"  test accuracy {percent(evaluation['accuracy'])} (95 % {percent(low)} to {percent(high)}, "
            f"{evaluation['n']} photos){_best(result)}"
        )
        lines += [f"  {result['leaks']['sentence']}"] if result["leaks"] else []
    lines += [
        f"  {stage['name']}: epochs {stage['first_epoch']} to {stage['last_epoch']}, from {stage['cut']}"
        for stage in result["stages"]
    ]
    if len(result["repetitions"]) > 1:
        told = (f"{one['run']} (seed {one['seed']}, {percent(one['accuracy'])})" for one in result["repetitions"])
        lines.append(f"  repetitions: {', '.join(told)}")
    for kind in ("parents", "children"):
        if result["lineage"][kind]:
            lines.append(f"  {kind}: {', '.join(result['lineage'][kind])}")
    if result["cost"]:
        cost = result["cost"]
        alone = cost["alone_wall_seconds"]
        without = "not known" if alone is None else f"{alone:.1f} s"
        lines.append(f"  {cost['wall_seconds']:.1f} s spent, {without} without cached features")
        if alone is None:
            lines.append(f"  {UNKNOWN_TRAINING_TIME}")
    lines += [f"  {one['sentence']}" for one in result["forecasts"]]
    if result["model"]:
        features = " (features: its classifier is in head.npz)" if result["model"]["output"] == FEATURES else ""
        lines.append(f"  {result['model']['path']}{features}")
    return "\n".join(lines)


def _recipe_line(recipe: Recipe) -> str:
    """Pattern, backbones and members, and the hyperparameters as ``--set`` takes them."""
    used = [method_title(recipe), recipe.backbone, *recipe.members]
    hp = [f"{name}={value}" for name, value in recipe.settings().items() if name not in PARTS]
    return ", ".join(part for part in (*used, *hp) if part)


def _best(result: dict) -> str:
    return f", best epoch {result['best_epoch']} of {result['epochs_done']}" if result["best_epoch"] else ""
