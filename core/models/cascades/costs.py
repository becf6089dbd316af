"""Cost of a combination of runs: measured where possible, else the sum of the members' costs."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from core.datasets.decoding.fit import Fit
from core.datasets.values import Dataset
from core.errors import Unavailable
from core.features.views import View
from core.files.here import dataset_here
from core.models.cascades.members import CascadeMember
from core.models.cascades.strategies import Combination
from core.models.cascades.thresholds import ALWAYS_PASSED_ON
from core.models.inference.graph import InferenceGraph
from core.models.inference.nodes import Confidence, Network, Node, every_node, from_dict
from core.registry import Registry
from core.runs.costs import Spent, peak_rss_bytes, spent_now
from core.runs.values import Cost
from core.settings import Settings

PHOTOS_TIMED = 8


@dataclass(frozen=True)
class Times:
    """Milliseconds per photo, when only the members that are always needed run (``few``) and when all do; None:
    unknown.

    ``measured``: with the files of this model, where a network that members share counts once.
    """

    few: float | None
    all: float | None
    measured: bool

    def expected(self, passed_on: float) -> float | None:
        """The mean time when this fraction of photos is passed on to the costly member."""
        return None if self.few is None or self.all is None else self.few + passed_on * (self.all - self.few)


def photos_of(dataset: Dataset, registry: Registry, settings: Settings) -> list[bytes]:
    """A few stored test photos to measure with."""
    folder = dataset_here(settings, dataset.id)
    paths = [folder.photo(photo.digest) for photo in registry.photos(dataset.id, split="test", limit=PHOTOS_TIMED)]
    return [path.read_bytes() for path in paths if path.exists()]


def milliseconds(
    node: Node | None, combination: Combination, members: Sequence[CascadeMember], folder: Path, jpegs: Sequence[bytes]
) -> Times:
    """Median time over a few photos; the sum of the members' times where LiteRT cannot run the model."""
    if node is not None and jpegs:
        with suppress(Unavailable):  # a model that cannot run here can still be evaluated
            few, everyone = _measured(node, folder, members[0].predictions["test"].probabilities.shape[1], jpegs)
            return Times(few, everyone, measured=True)
    always = [member for member, asked in zip(members, combination.always, strict=True) if asked]
    return Times(_sum(always), _sum(members), measured=False)


def _measured(node: Node, folder: Path, classes: int, jpegs: Sequence[bytes]) -> tuple[float, float]:
    """Without the costly member, and with it."""
    both = replace(node, threshold=ALWAYS_PASSED_ON) if isinstance(node, Confidence) else node
    everyone = _median(InferenceGraph(folder, both, classes=classes), jpegs)
    few = (
        _median(InferenceGraph(folder, node.cheap, classes=classes), jpegs)
        if isinstance(node, Confidence)
        else everyone
    )
    return few, everyone


def _sum(members: Sequence[CascadeMember]) -> float | None:
    known = [member.cost.ms_per_photo for member in members]
    return None if None in known else sum(one for one in known if one is not None)


def _median(graph: InferenceGraph, jpegs: Sequence[bytes]) -> float:
    return median(graph.predict(View(jpeg)).milliseconds for jpeg in jpegs)


def priced(choice: dict, times: Times) -> dict:
    """``choice`` with the expected time of every point of its curve."""
    choice = choice | {"milliseconds_measured": times.measured}
    if "curve" not in choice:
        return choice
    return choice | {
        "curve": [point | {"milliseconds": times.expected(point["passed_on"])} for point in choice["curve"]]
    }


def cost_of(
    combination: Combination, members: Sequence[CascadeMember], times: Times, folder: Path, begin: Spent
) -> Cost:
    """Cost of combining; without reuse also the members' costs."""
    spent = spent_now().minus(begin)
    operations = [
        one * (1.0 if always else combination.passed_on)
        for one, always in zip(_operations(members), combination.always, strict=True)
    ]
    return Cost(
        wall_seconds=spent.wall_seconds,
        cpu_seconds=spent.cpu_seconds,
        peak_rss_bytes=peak_rss_bytes(),
        alone_wall_seconds=_with(spent.wall_seconds, [member.cost.alone_wall_seconds for member in members]),
        alone_cpu_seconds=_with(spent.cpu_seconds, [member.cost.alone_cpu_seconds for member in members]),
        parameters_total=sum(member.cost.parameters_total for member in members),
        parameters_trainable=0,
        multiply_adds=round(sum(operations)),
        model_bytes=sum(path.stat().st_size for path in folder.iterdir()),
        ms_per_photo=times.expected(combination.passed_on),
        stages={"Combining": spent.wall_seconds},
    )


def _with(own: float, others: Sequence[float | None]) -> float | None:
    """The sum; None when one of the members' costs is not known."""
    known = [one for one in others if one is not None]
    return own + sum(known) if len(known) == len(others) else None


def _operations(members: Sequence[CascadeMember]) -> list[int]:
    """Multiply-adds that each member adds; only its head's where a member before it runs the same networks."""
    seen: set[tuple[str, int, Fit]] = set()
    added = []
    for member in members:
        own = networks_in(member.model.card)
        added.append(member.cost.parameters_trainable if own and own <= seen else member.cost.multiply_adds)
        seen |= own
    return added


def networks_in(card: Mapping[str, Any]) -> set[tuple[str, int, Fit]]:
    """(SHA-256, input size, fit) of the networks a model runs; empty when it needs Keras."""
    if card.get("answer") is None:
        return set()
    digests = {entry["file"]: entry["sha256"] for entry in card["engines"]}
    nodes = every_node(from_dict(card["answer"]))
    return {(digests[one.file], one.input_size, one.fit) for one in nodes if isinstance(one, Network)}
