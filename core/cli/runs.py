"""``runs`` and ``show``."""

from argparse import Namespace
from dataclasses import asdict

from core.cli.verbs import Result, Verbs, add_list, add_verb, table
from core.comparison.cost_axes import UNKNOWN_TRAINING_TIME
from core.errors import InvalidInput, NotFound
from core.models.card import FEATURES, PROBABILITIES, keras_output
from core.recipes.labels import method_title
from core.recipes.recipe import PARTS, Recipe
from core.registry.search import RunQuery
from core.runs.values import Evaluation, Run
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
    verb = add_verb(verbs, "show", show, show_text, "all about one run")
    verb.add_argument("run", metavar="RUN")


_FIELDS = (
    "name", "reason", "epochs_done", "best_epoch", "wall_seconds", "priority", "attempt", "extends", "reproduces",
    "fingerprint", "created_at", "starred", "archived", "notes",
)  # fmt: skip


def run_row(run: Run) -> dict:
    """A run as JSON."""
    ids = {"run": run.id, "dataset": run.dataset_id, "recipe": run.recipe.to_dict(), "status": str(run.status)}
    fields = {name: getattr(run, name) for name in _FIELDS}
    return ids | fields | {"accuracy": run.test_accuracy, "tags": list(run.tags)}


def runs(options: Namespace) -> Result:
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
    found, _ = workbench.registry.search(query)
    return {"runs": [run_row(run) for run in found]}, True


def runs_text(result: dict) -> str:
    rows = [
        (row["run"], row["status"], row["name"], row["epochs_done"], percent(row["accuracy"])) for row in result["runs"]
    ]
    return table(("run", "status", "name", "epochs", "test accuracy"), rows)


_STAGE_KEYS = ("name", "first_epoch", "last_epoch", "trained", "learning_rate", "schedule", "cut")


def show(options: Namespace) -> Result:
    workbench = Workbench.open()
    run = workbench.registry.run(options.run)
    evaluation, cost = workbench.registry.evaluation(run.id), workbench.registry.cost(run.id)
    result = run_row(run) | {
        "epochs": [asdict(epoch) for epoch in workbench.registry.epochs(run.id)],
        "evaluation": _evaluation_row(evaluation) if evaluation else None,
        "cost": asdict(cost) if cost else None,
        "attempts": [asdict(attempt) for attempt in workbench.registry.attempts(run.id)],
        "model": _model_row(workbench, run),
        "stages": _stages(workbench, run),
        "lineage": _lineage(workbench, run),
        "repetitions": [_repetition(one) for one in workbench.repetitions(run.id)],
    }
    return result | reproduction_row(workbench, run), True


def _evaluation_row(evaluation: Evaluation) -> dict:
    return {name: value for name, value in asdict(evaluation).items() if name != "right"}  # packed bits are not JSON


def _stages(workbench: Workbench, run: Run) -> list[dict]:
    """[] also where its network was deleted, so that its cuts are unknown."""
    try:
        return [
            {key: getattr(stage, key) for key in _STAGE_KEYS} | {"epochs_done": stage.epochs_done(run.epochs_done)}
            for stage in workbench.stages(run.id)
        ]
    except (InvalidInput, NotFound):
        return []


def _lineage(workbench: Workbench, run: Run) -> dict:
    found = workbench.lineage(run.id)
    parents = [parent.id for parent in found.parents] + list(found.lost)
    return {
        "parent": parents[0] if parents else None,
        "parents": parents,
        "lost": list(found.lost),
        "children": [child.id for child in found.children],
    }


def _repetition(run: Run) -> dict:
    seed = run.recipe.hyperparameters.seed
    return {"run": run.id, "seed": seed, "status": str(run.status), "accuracy": run.test_accuracy}


def reproduction_row(workbench: Workbench, run: Run) -> dict:
    """A run and its reproduction as JSON; None when it was never reproduced."""
    found = workbench.reproduction(run.id)
    if found is None:
        return {"reproduction": None}
    figures = {
        "original": found.original.id,
        "again": found.again.id,
        "identical": found.identical,
        "photos_differing": found.photos_differing,
        "differences": [asdict(one) | {"difference": one.difference} for one in found.differences],
    }
    return {"reproduction": figures}


def _model_row(workbench: Workbench, run: Run) -> dict | None:
    for model in workbench.registry.models(run.dataset_id):
        if model.run_id == run.id:
            path = workbench.settings.home / model.path
            output = keras_output(model.card) if path.suffix == ".keras" else PROBABILITIES
            known = {"model": model.id, "path": str(path), "sha256": model.sha256, "bytes": model.size_bytes}
            return known | {"output": output}
    return None


def show_text(result: dict) -> str:
    lines = [f"{result['run']}  {result['name']}  {result['status']}  {result['reason']}".rstrip()]
    lines.append(f"  {_recipe_line(Recipe.from_dict(result['recipe']))}")
    if result["evaluation"]:
        evaluation = result["evaluation"]
        low, high = evaluation["ci95"]
        lines.append(
            f"  test accuracy {percent(evaluation['accuracy'])} (95 % {percent(low)} to {percent(high)}, "
            f"{evaluation['n']} photos){_best(result)}"
        )
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
