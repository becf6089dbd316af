"""What is written about a finished model: its ``card.json``, and its entry in the registry.

``core.models.inference.model_files`` reads the card.
"""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from core.datasets.values import Dataset
from core.files.atomic import digest_of
from core.files.folders import CARD
from core.models.inference.model_files import engines_by_name, engines_of
from core.models.inference.nodes import Node, files_of, to_dict
from core.models.lineage import parents_of
from core.models.preprocessing import preprocessing
from core.recipes.patterns import Pattern
from core.runs.values import Cost, Evaluation, Model, Run

PROBABILITIES, FEATURES = "probabilities", "features"
"""What ``model.keras`` returns: the probabilities of the classes; or, where the classifier is no network, the pooled
features that ``head.npz`` turns into probabilities."""


def card_of(run: Run, dataset: Dataset, evaluations: Mapping[str, Evaluation], cost: Cost) -> dict:
    """The part of a card that every model has. ``evaluations`` are of ``validation`` and ``test``."""
    test, validation = evaluations["test"], evaluations["validation"]
    return {
        "title": run.name,
        "run": run.id,
        "parents": list(parents_of(run.recipe)),
        "dataset": {
            "id": dataset.id,
            "name": dataset.name,
            "version": dataset.version,
            "digest": dataset.digest,
            "grey_bits": dataset.grey_bits,
        },
        "class_names": list(dataset.class_names),
        "recipe": run.recipe.to_dict(),
        "fingerprint": run.fingerprint,
        "validation": {"accuracy": validation.accuracy, "loss": validation.loss},
        "accuracy": test.accuracy,
        "ci95": list(test.ci95),
        "n": test.n,
        "cost": asdict(cost),
        "preprocessing": preprocessing(run.recipe.hyperparameters.fit),
    }


def write_card(
    folder: Path,
    card: dict,
    graph: Node | None,
    *,
    model: Path | None,
    output: str = PROBABILITIES,
    packages: Sequence[str],
) -> dict:
    """Completes ``card`` and writes it to ``folder``.

    Args:
        graph: the inference graph, whose files are in ``folder``; None where LiteRT cannot run one of them.
        model: ``model.keras``, where there is one. output: ``PROBABILITIES`` or ``FEATURES``, what it returns.
        packages: whose versions are noted.
    """
    card = card | {
        "answer": None if graph is None else to_dict(graph),
        "engine": "TensorFlow" if graph is None else engines_by_name(graph),
        "engines": [] if graph is None else engines_of(folder, graph),
        "model": model
        and {"file": model.name, "output": output, "sha256": digest_of(model), "bytes": model.stat().st_size},
        "versions": {package: version(package) for package in (*packages, *_runtime(graph))},
        "created_at": time.time(),
    }
    (folder / CARD).write_text(json.dumps(card, indent=1))
    return card


def _runtime(graph: Node | None) -> tuple[str, ...]:
    """The package that runs ONNX networks, where the graph has one."""
    return ("onnxruntime",) if graph and any(file.endswith(".onnx") for file in files_of(graph)) else ()


def keras_output(card: Mapping) -> str:
    """What the ``model.keras`` of this card returns; before 0.5.0 features for every scikit-learn classifier."""
    known = (card.get("model") or {}).get("output")
    if known:
        return str(known)
    is_sklearn = card.get("recipe", {}).get("pattern") == Pattern.STANDALONE_EXTRACTOR
    return FEATURES if is_sklearn else PROBABILITIES


def model_of(run: Run, card: dict, path: Path, home: Path) -> Model:
    """The registry's entry of a model. ``path``: ``model.keras``, or the card of a model without one."""
    return Model(
        id=f"m-{secrets.token_hex(4)}",
        run_id=run.id,
        dataset_id=run.dataset_id,
        path=str(path.relative_to(home)),
        sha256=digest_of(path),
        size_bytes=path.stat().st_size,
        card=card,
        created_at=card["created_at"],
    )
