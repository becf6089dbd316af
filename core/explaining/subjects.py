"""What of a model is explained: the model itself, or of an ensemble and a confidence cascade each member."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.datasets.decoding.fit import Fit
from core.errors import NotFound, Unavailable
from core.files.here import model_here
from core.models.card import keras_output
from core.models.inference.model_files import read_model
from core.models.inference.nodes import Confidence, Head, Mean, Network, Node, below, every_node, from_dict, to_dict
from core.models.lineage import source_title
from core.registry import Registry
from core.runs.values import Model
from core.settings import Settings

NO_KERAS = "it has no Keras model"
GONE = "its own model was deleted"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One model whose heat maps are wanted.

    Args:
        run_id, title: of its run.
        folder: of the files of ``graph``. graph: its inference graph, maybe a part of that of a cascade; None where
            LiteRT cannot run the model.
        keras: ``model.keras``; None where there is none, with the reason in ``because``. sha256: of that file.
        output: what it returns, see ``core.models.card``.
        titles, fits: of its networks, in the order of their inputs.
    """

    run_id: str
    title: str
    folder: Path
    graph: Node | None
    keras: Path | None = None
    sha256: str = ""
    output: str = ""
    titles: tuple[str, ...] = ()
    fits: tuple[Fit, ...] = ()
    because: str = ""

    def to_dict(self) -> dict[str, Any]:
        return vars(self) | {
            "folder": str(self.folder),
            "graph": self.graph and to_dict(self.graph),
            "keras": self.keras and str(self.keras),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Subject":
        return cls(
            **data
            | {
                "folder": Path(data["folder"]),
                "graph": data["graph"] and from_dict(data["graph"]),
                "keras": data["keras"] and Path(data["keras"]),
                "titles": tuple(data["titles"]),
                "fits": tuple(map(Fit, data["fits"])),
            }
        )


def subjects_of(model: Model, registry: Registry, settings: Settings) -> list[Subject]:
    """The models to explain.

    Raises:
        Unavailable: the files of the model are missing or damaged.
    """
    graph = _graph(model, settings)
    if isinstance(graph, Mean | Confidence):
        recipe = registry.run(model.run_id).recipe
        return [
            subject
            for member, part in zip(recipe.members, below(graph), strict=True)
            for subject in _member(member, part, model, registry, settings)
        ]
    return [_subject(model, graph, registry, settings)]


def whole_of(model: Model, registry: Registry, settings: Settings) -> Subject:
    """The model as a whole, whose prediction is explained."""
    return _subject(model, _graph(model, settings), registry, settings)


def _graph(model: Model, settings: Settings) -> Node | None:
    if "answer" in model.card and model.card["answer"] is None:
        return None
    return read_model(model_here(settings, model.run_id)).node


def _member(run_id: str, part: Node, cascade: Model, registry: Registry, settings: Settings) -> list[Subject]:
    """The member's own model; the part of the cascade where that was deleted."""
    try:
        return subjects_of(registry.model(run_id), registry, settings)
    except (NotFound, Unavailable):
        folder = model_here(settings, cascade.run_id)
        return [Subject(run_id=run_id, title=source_title(run_id, registry), folder=folder, graph=part, because=GONE)]


def _subject(model: Model, graph: Node | None, registry: Registry, settings: Settings) -> Subject:
    run = registry.run(model.run_id)
    path = settings.home / model.path
    has_keras = path.suffix == ".keras"
    networks = [] if graph is None else [one for one in every_node(graph) if isinstance(one, Network)]
    sources = [source_title(name, registry) for name in (*run.recipe.backbones, *run.recipe.runs)]
    return Subject(
        run_id=run.id,
        title=run.name,
        folder=model_here(settings, run.id),
        graph=graph,
        keras=path if has_keras else None,
        sha256=model.sha256 if has_keras else "",
        output=keras_output(model.card) if has_keras else "",
        titles=tuple(_titles(graph, sources)),
        fits=tuple(one.fit for one in networks) or (Fit(model.card.get("fit") or Fit.SQUASH),) * len(sources),
        because="" if has_keras else NO_KERAS,
    )


def _titles(graph: Node | None, sources: list[str]) -> Iterator[str]:
    """Of each network: its source; with a number where a source is a model of several networks; "" of a single one."""
    parts = graph.inputs if isinstance(graph, Head) else ()
    if len(parts) != len(sources) or len(sources) < 2:
        yield from sources if len(sources) > 1 else [""]
        return
    for title, part in zip(sources, parts, strict=True):
        count = sum(isinstance(one, Network) for one in every_node(part))
        yield from [title] if count == 1 else [f"{title}, network {number}" for number in range(1, count + 1)]
