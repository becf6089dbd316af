"""``models``: what finished runs left."""

from argparse import Namespace

from core.cli.verbs import Result, Verbs, add_verb, leak_lines, table
from core.output.models import models_json
from core.text.units import percent, size
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "models", models, models_text, "list the models of finished runs")
    verb.add_argument("--dataset", help="only of this dataset")


def models(options: Namespace) -> Result:
    workbench = Workbench.open()
    dataset_id = workbench.registry.dataset(options.dataset).id if options.dataset else None
    return models_json(workbench, dataset_id), True


def models_text(result: dict) -> str:
    rows = [
        (row["run"], row["name"], percent(row["accuracy"]), size(row["bytes"]), ", ".join(row["aliases"]) or "-")
        for row in result["models"]
    ]
    return "\n".join([table(("run", "name", "test accuracy", "size", "aliases"), rows), *leak_lines(result)])
