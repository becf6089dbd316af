"""The contents of one page of the leaderboard, and of its files."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.comparison.board_page import BoardPage, LeaderboardLine
from core.comparison.subset import PhotoSubset, interval_on
from core.comparison.verdict import Standing, Verdict
from core.datasets.values import Dataset
from core.recipes.naming import without
from core.web.compare.address import Address
from core.web.compare.columns import TableLine
from core.web.parts import run_table
from core.web.parts.thumbnails import montage
from core.workbench import Workbench

_THUMB = 72
"""Pixels a side, about twice what is shown."""
_PHOTOS = 3
"""Number of the hardest photos that fit into a line."""


def lines_of(
    bench: Workbench,
    dataset: Dataset,
    page: BoardPage,
    verdict: Verdict | None,
    *,
    pictures: bool,
    subset: PhotoSubset | None = None,
) -> list[TableLine]:
    """The lines of a page with distinct names and what the verdict says of them.

    Args:
        pictures: whether their curves and hardest photos are needed. subset: the test photos that the page is about.
    """
    shown, home = {shown_run(verdict, entry): entry for entry in page.entries}, str(bench.settings.home)
    ids = list(shown)
    curves, names = bench.registry.sparklines(ids) if pictures else {}, _names(bench, shown)
    champion, cells = bench.aliases(dataset.id).get("champion"), bench.registry.board_cells(ids)
    lines = []
    for run_id, entry in shown.items():
        if run_id not in cells or run_id not in names:
            continue  # it was deleted just now
        standing, p_value = standing_of(verdict, entry)
        about = cells[run_id] if subset is None else cells_on(subset, cells[run_id], entry)
        hardest = " ".join(about["hardest"][:_PHOTOS]) if pictures else ""
        lines.append(
            TableLine(
                run_id=run_id,
                entry=entry,
                name=names[run_id],
                cell=about.__getitem__,
                standing=standing,
                p_value=p_value,
                recommended=verdict is not None and verdict.recommended.run_id in entry.run_ids,
                marks=_marks(entry, champion.run_id if champion else None),
                curve=curves.get(run_id, ()),
                hardest=_montage(bench, home, dataset.id, hardest) if hardest else "",
            )
        )
    return lines


def cells_on(subset: PhotoSubset, cells: Mapping[str, Any], entry: LeaderboardLine) -> dict[str, Any]:
    """The cells of a run on some of the test photos."""
    accuracy = entry.values["accuracy"]
    low, high = interval_on(accuracy if entry.counted == 1 else None, subset.photos) or (None, None)
    return {
        **cells,
        "low": low,
        "high": high,
        "n": None if accuracy is None else subset.photos,
        "hardest": [digest for digest in cells["hardest"] if digest in subset],
    }


def shown_run(verdict: Verdict | None, entry: LeaderboardLine) -> str:
    """The run whose name and colour a line has: of repetitions the one that the verdict names, because charts and the
    verdict may be about some of them only."""
    if verdict is None:
        return entry.run_id
    named = (verdict.recommended, verdict.best, *verdict.ties)
    judged = (run_id for run_id in (entry.run_id, *entry.run_ids) if verdict.standing(run_id) is not None)
    return next((one.run_id for one in named if one.run_id in entry.run_ids), next(judged, entry.run_id))


def standing_of(verdict: Verdict | None, entry: LeaderboardLine) -> tuple[Standing | None, float | None]:
    """The best standing of any run of a line, and the p-value of that run; of chosen runs the others have none."""
    if verdict is None:
        return None, None
    found = {run_id: verdict.standing(run_id) for run_id in entry.run_ids}
    for standing in Standing:
        run_id = next((run_id for run_id, one in found.items() if one is standing), None)
        if run_id is not None:
            return standing, verdict.p_value(run_id)
    return None, None


def _marks(entry: LeaderboardLine, champion: str | None) -> list[str]:
    """Those of any of the runs on a line."""
    return run_table.marks(starred=entry.starred, champion=champion in entry.run_ids, archived=entry.archived)


def _names(bench: Workbench, shown: Mapping[str, LeaderboardLine]) -> dict[str, str]:
    """Of the runs; without the seed for repetitions that share a line."""
    together = {run_id for run_id, entry in shown.items() if len(entry.run_ids) > 1}
    runs = bench.registry.runs_of(shown)
    return {run.id: without(run.name, run.recipe, ["seed"]) if run.id in together else run.name for run in runs}


@st.cache_data(max_entries=2000, show_spinner=False)
def _montage(_bench: Workbench, home: str, dataset_id: str, digests: str) -> str:
    """Cached for more lines than the strips of the overview; a dataset's photos never change.

    Args:
        home: part of the cache's key. digests: joined, because text is the fastest key.
    """
    paths = tuple(_bench.photo_path(dataset_id, digest) for digest in digests.split())
    return montage(paths, _THUMB, 4) if paths else ""


def all_rows(bench: Workbench, dataset: Dataset, now: Address) -> list[dict[str, Any]]:
    """Every run that matches, one a row, with the keys of ``core.comparison.table.plain_rows``: for files."""
    every = max(1, len(bench.board(dataset.id)))
    page = bench.board_page(
        dataset.id, now.query, sort=now.sort, descending=now.desc, fold=False, size=every, without=now.flags
    )
    cells = bench.registry.board_cells([entry.run_id for entry in page.entries])
    subset = bench.subset(dataset.id, now.flags)
    there = [entry for entry in page.entries if entry.run_id in cells]
    if subset is None:
        return [_row(cells[entry.run_id], dataset, entry) for entry in there]
    return [
        _row(cells_on(subset, cells[entry.run_id], entry), dataset, entry)
        | {"rank_with_all": entry.rank_with_all, "without": " ".join(now.without)}
        for entry in there
    ]


_ABOUT = ("name", "status", "pattern", "backbone", "starred", "archived", "tags", "notes")


def _row(cells: Mapping[str, Any], dataset: Dataset, entry: LeaderboardLine) -> dict[str, Any]:
    return {
        "run": entry.run_id,
        "rank": entry.rank,
        **{key: cells[key] for key in _ABOUT},
        "dataset": f"{dataset.name}:{dataset.version}",
        "test_photos": cells["n"],
        "ci95_low": cells["low"],
        "ci95_high": cells["high"],
        "tie_with_best": entry.tie,
        "p_value": entry.p_value,
        **{"epochs" if key == "epochs_done" else key: value for key, value in entry.values.items()},
    }
