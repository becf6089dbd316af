"""The inference graph as data: the files that turn a photo into probabilities, and how they are combined."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from core.datasets.decoding.fit import Fit
from core.errors import InvalidInput

DEEPEST = 20
"""Most nested nodes: models may build on models, but a card with more is refused."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """A photo, rendered at ``input_size`` with ``fit``, through the engine ``file``: features, a map, or
    probabilities."""

    file: str
    input_size: int
    fit: Fit = Fit.SQUASH


@dataclass(frozen=True, kw_only=True)
class Head:
    """The outputs of ``inputs``, several concatenated, through the head ``file``."""

    file: str
    inputs: "tuple[Node, ...]"


@dataclass(frozen=True, kw_only=True)
class Mean:
    """The mean of several probabilities."""

    inputs: "tuple[Node, ...]"


@dataclass(frozen=True, kw_only=True)
class Confidence:
    """The probabilities of ``cheap`` where the largest reaches ``threshold``, else those of ``costly``."""

    cheap: "Node"
    costly: "Node"
    threshold: float


Node = Network | Head | Mean | Confidence


def to_dict(node: Node) -> dict:
    """The node in the form that the card stores."""
    match node:
        case Network():
            return {"kind": "network", "file": node.file, "input_size": node.input_size, "fit": str(node.fit)}
        case Head():
            return {"kind": "head", "file": node.file, "inputs": [to_dict(one) for one in node.inputs]}
        case Mean():
            return {"kind": "mean", "inputs": [to_dict(one) for one in node.inputs]}
        case Confidence():
            return {
                "kind": "confidence",
                "cheap": to_dict(node.cheap),
                "costly": to_dict(node.costly),
                "threshold": node.threshold,
            }


def from_dict(data: Any, *, generations: int = DEEPEST) -> Node:
    """The inverse of ``to_dict``.

    Raises:
        InvalidInput: it is no node, incomplete, or nested too deeply.
    """
    try:
        if generations < 0:
            raise ValueError(f"more than {DEEPEST} nodes below one another")
        return _READERS[data["kind"]](data, generations - 1)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"The inference graph of a model must consist of known nodes ({type(error).__name__}: {error})."
        ) from None


def _inputs(data: dict, generations: int) -> tuple[Node, ...]:
    if not data["inputs"]:
        raise ValueError("a node without inputs")
    return tuple(from_dict(one, generations=generations) for one in data["inputs"])


_READERS: dict[str, Callable[[dict, int], Node]] = {
    "network": lambda data, _: Network(
        file=str(data["file"]),
        input_size=int(data["input_size"]),
        fit=Fit(data.get("fit", Fit.SQUASH)),  # of every card before 0.7.0
    ),
    "head": lambda data, below: Head(file=str(data["file"]), inputs=_inputs(data, below)),
    "mean": lambda data, below: Mean(inputs=_inputs(data, below)),
    "confidence": lambda data, below: Confidence(
        cheap=from_dict(data["cheap"], generations=below),
        costly=from_dict(data["costly"], generations=below),
        threshold=float(data["threshold"]),
    ),
}


def below(node: Node) -> tuple[Node, ...]:
    """The nodes whose outputs this one uses."""
    match node:
        case Network():
            return ()
        case Confidence():
            return (node.cheap, node.costly)
        case Head() | Mean():
            return node.inputs


def every_node(node: Node) -> Iterator[Node]:
    """All nodes of a graph, each after those it uses."""
    for one in below(node):
        yield from every_node(one)
    yield node


def files_of(node: Node) -> tuple[str, ...]:
    """The files of a graph, each once, in the order of their use."""
    return tuple(dict.fromkeys(one.file for one in every_node(node) if isinstance(one, Network | Head)))


def renamed(node: Node, name: Callable[[str], str]) -> Node:
    """The same graph with other file names."""
    match node:
        case Network():
            return replace(node, file=name(node.file))
        case Head():
            return Head(file=name(node.file), inputs=tuple(renamed(one, name) for one in node.inputs))
        case Mean():
            return Mean(inputs=tuple(renamed(one, name) for one in node.inputs))
        case Confidence():
            cheap, costly = renamed(node.cheap, name), renamed(node.costly, name)
            return Confidence(cheap=cheap, costly=costly, threshold=node.threshold)
