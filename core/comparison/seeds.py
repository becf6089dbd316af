"""Runs that differ in nothing but the seed: how much of a difference is luck."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean, stdev

from core.comparison.leaderboard import Row
from core.comparison.names import distinct_names


@dataclass(frozen=True, kw_only=True)
class SeedGroup:
    """Runs that share everything but the seed.

    Args:
        mean, std: of the test accuracy; std is the sample standard deviation (n - 1).
        cost_mean: of ``alone_wall_seconds``, None unless all were measured.
    """

    name: str
    run_ids: tuple[str, ...]
    seeds: tuple[int, ...]
    mean: float
    std: float
    cost_mean: float | None


def seed_groups(rows: Iterable[Row]) -> tuple[SeedGroup, ...]:
    """Groups of two or more seeds, best mean first; of several runs with one seed the newest counts."""
    families: dict[str, dict[int, Row]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: row.created_at):
        if row.accuracy is not None:
            recipe = row.recipe.to_dict()
            seed = recipe["hyperparameters"].pop("seed")
            families[json.dumps([row.dataset_id, recipe], sort_keys=True)][seed] = row
    members = [[by_seed[seed] for seed in sorted(by_seed)] for by_seed in families.values() if len(by_seed) > 1]
    firsts = [(group[0].run_id, group[0].title, group[0].recipe) for group in members]
    names = distinct_names(firsts, ignored=("seed",))
    groups = [_seed_group(names[group[0].run_id], group) for group in members]
    return tuple(sorted(groups, key=lambda group: -group.mean))


def _seed_group(name: str, rows: list[Row]) -> SeedGroup:
    accuracies = [row.accuracy for row in rows if row.accuracy is not None]
    seconds = [row.alone_wall_seconds for row in rows if row.alone_wall_seconds is not None]
    return SeedGroup(
        name=name,
        run_ids=tuple(row.run_id for row in rows),
        seeds=tuple(row.recipe.hyperparameters.seed for row in rows),
        mean=mean(accuracies),
        std=stdev(accuracies),
        cost_mean=mean(seconds) if len(seconds) == len(rows) else None,
    )
