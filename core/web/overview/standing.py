"""Where a dataset stands: the verdict on its runs, its champion, and the runs that its card names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.comparison.summary import NAMED, recommendation, standing_words, standings_sentence
from core.comparison.verdict import RankedRun, Verdict
from core.datasets.values import Dataset
from core.runs.values import Cost, Run, Status
from core.text.units import plain
from core.workbench import Workbench


@dataclass(frozen=True, kw_only=True)
class DatasetStanding:
    """What Overview says of a dataset.

    Args:
        counts: number of runs by status; archived runs count.
        verdict: on all its unarchived runs; None where none was measured.
        champion: the run a user chose for use; None where none was.
        runs, costs: of the runs named here, by id. with_model: ids of those whose weights exist.
    """

    dataset: Dataset
    counts: Mapping[Status, int]
    verdict: Verdict | None
    champion: Run | None
    runs: Mapping[str, Run]
    costs: Mapping[str, Cost]
    with_model: frozenset[str]

    @property
    def shown(self) -> Run | None:
        """The run to use: the champion, else the recommended one."""
        return self.champion or self.recommended

    @property
    def recommended(self) -> Run | None:
        return None if self.verdict is None else self.runs.get(self.verdict.recommended.run_id)

    def recommendation(self) -> str:
        """Which run to use, in one or two sentences of Markdown; "" where none was measured."""
        if self.verdict is None:
            return ""
        return plain(recommendation(self.verdict, self._names))

    def ties(self, *, after_recommendation: bool) -> str:
        """Which runs are not distinguishable from the most accurate and how many are worse; "" of a single run."""
        if self.verdict is None:
            return ""
        return plain(standings_sentence(self.verdict, self._names, after_recommendation=after_recommendation))

    @property
    def _names(self) -> Mapping[str, str]:
        return {run_id: run.name for run_id, run in self.runs.items()}

    def champion_note(self) -> str:
        """How the champion compares with the recommended run; "" where it is that run, or there is none."""
        if self.champion is None or self.verdict is None or self.champion.id == self.verdict.recommended.run_id:
            return ""
        if words := standing_words(self.verdict, self.champion.id):
            return f"The champion: {words[:1].lower()}{words[1:]}."
        if self.champion.archived:
            return "The champion is archived, so it is not compared."
        return "The champion cannot be tested against the most accurate."


def standings(
    bench: Workbench, datasets: Sequence[Dataset], counts: Mapping[str, Mapping[Status, int]]
) -> list[DatasetStanding]:
    """Where each of some datasets stands. Costs a few queries, whatever the number of runs."""
    measured = [dataset.id for dataset in datasets if counts.get(dataset.id, {}).get(Status.FINISHED)]
    verdicts = {dataset_id: bench.verdict(dataset_id) for dataset_id in measured}
    champions = {id_: move.run_id for id_, move in bench.champions().items() if move.run_id}
    named = {one.run_id for found in verdicts.values() if found for one in _named(found)}
    runs = {run.id: run for run in bench.registry.runs_of([*named, *champions.values()])}
    costs, with_model = bench.registry.costs(list(runs)), bench.registry.having_model(list(runs))
    return [
        DatasetStanding(
            dataset=dataset,
            counts=counts.get(dataset.id, {}),
            verdict=verdicts.get(dataset.id),
            champion=runs.get(champions.get(dataset.id, "")),
            runs=runs,
            costs=costs,
            with_model=with_model,
        )
        for dataset in datasets
    ]


def _named(found: Verdict) -> list[RankedRun]:
    """The runs whose names its sentences need."""
    return [found.best, found.recommended, *(found.ties if len(found.ties) <= NAMED else ())]
