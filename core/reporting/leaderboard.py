"""Runs in order, the differences between their recipes, and their costs."""

from core.charts.tradeoff import tradeoff_chart
from core.comparison.cost_axes import COSTS, CostKind
from core.comparison.summary import BADGES, RECOMMENDED
from core.comparison.table import Row, rank_text
from core.comparison.verdict import Standing
from core.curation.flags import Flag
from core.recipes.differences import Difference
from core.recipes.labels import choice_title
from core.reporting.material import Material
from core.reporting.parts import (
    RUN,
    UNKNOWN,
    Badge,
    Column,
    ReportChart,
    RunLabel,
    Section,
    Table,
    figure,
    is_best,
    report_chart,
    run_label,
)
from core.reporting.rendering import render
from core.runs.values import Status
from core.text.units import count, listed, percent

_SHOWN_COSTS = ("alone_wall_seconds", "wall_seconds", "ms_per_photo", "model_bytes")
_COLUMNS = (
    RUN,
    Column("test accuracy", "Percent of the test photos classified correctly, with its 95 % interval (Wilson)."),
    Column(
        "",
        "Not distinguishable: its difference from the most accurate is not statistically significant; less accurate: "
        "it is (exact McNemar test, Holm correction). Recommended: the shortest training time of the most accurate "
        "and those not distinguishable from it.",
        number=False,
    ),
    Column("balanced accuracy", "Mean recall of the classes."),
    Column("macro F1", "Mean F1 of the classes."),
    Column("log-loss", "Mean of -log of the probability given to the true class; lower is better."),
    Column("calibration error", "Mean distance between confidence and accuracy, 15 bins; lower is better."),
    Column("best epoch", "The epoch whose model was kept, by validation loss."),
    Column("training time", COSTS["alone_wall_seconds"].help),
    Column("time spent", COSTS["wall_seconds"].help),
    Column("per photo", COSTS["ms_per_photo"].help),
    Column("size", COSTS["model_bytes"].help),
)
_RANK = Column("rank", "By accuracy on the photos that are left; 3 → 1: it was 3 with all test photos.")
_MOVED = "→"


def board_section(material: Material) -> Section:
    rows = [_board_row(material, row) for row in material.rows]
    columns: tuple[Column, ...] = _COLUMNS
    if material.comparison.subset is not None:
        columns = (RUN, _RANK, *_COLUMNS[1:])
        rows = [[name, _rank(material, row), *cells] for row, (name, *cells) in zip(material.rows, rows, strict=True)]
    board = Table(columns=columns, rows=rows, caption="Leaderboard, best first")
    notes = [*filter(None, [material.about, _leaks(material)]), *material.comparison.missing.values()]
    body = render("leaderboard", board=board, notes=notes)
    found = material.comparison.verdict
    ties = len(found.ties) if found else 0
    title = f"{count(ties, 'run')} not distinguishable from the most accurate" if ties else "Leaderboard"
    return Section(key="leaderboard", label="Leaderboard", title=title, body=body)


def _leaks(material: Material) -> str:
    """ "" where they are left out."""
    subset = material.comparison.subset
    return "" if subset is not None and Flag.LEAKS in subset.without else material.leaks


def _rank(material: Material, row: Row) -> Badge | str:
    """Set off where it is another one than with all photos."""
    text = rank_text(row.rank, material.comparison.ranks_with_all.get(row.run.id))
    return Badge(text) if _MOVED in text else text


def _board_row(material: Material, row: Row) -> list[object]:
    accuracy = percent(row.accuracy, row.interval)
    return [
        RunLabel(name=row.name, colour=material.styles[row.run.id].colour, starred=row.run.starred, tags=row.run.tags),
        Badge(accuracy, "best") if is_best(material, row) else accuracy,
        _badge(material, row),
        percent(row.value("balanced_accuracy")),
        percent(row.value("macro_f1")),
        figure(row.value("log_loss")),
        percent(row.value("ece")),
        f"{row.run.best_epoch} of {row.run.epochs_done}" if row.run.best_epoch else UNKNOWN,
        *(COSTS[key].words(row.value(key)) for key in _SHOWN_COSTS),
    ]


def _badge(material: Material, row: Row) -> Badge | str:
    if row.run.status is not Status.FINISHED:
        return str(row.run.status).lower()
    found = material.comparison.verdict
    standing = None if found is None else found.standing(row.run.id)
    words = [] if standing is None else [BADGES[standing]]
    if found is not None and found.runs > 1 and found.recommended.run_id == row.run.id:
        words.append(RECOMMENDED)
    if not words or standing is Standing.WORSE:
        return ", ".join(words)
    return Badge(", ".join(words))


# --- differences between the recipes ---


def differing_section(material: Material) -> Section | None:
    found = material.comparison.differing
    if not found:
        return None
    columns = [RUN, *(Column(one.in_text, number=_all_numbers(one)) for one in found)]
    rows = [
        [run_label(material, row.run.id), *(_setting(material, one, row.run.id) for one in found)]
        for row in material.rows
    ]
    differences = Table(columns=columns, rows=rows, caption="Differences between the recipes")
    body = render("recipes", differences=differences)
    return Section(key="recipes", label="Recipes", title="Differences between the recipes", body=body)


def _setting(material: Material, one: Difference, run_id: str) -> str:
    """A value for people: runs by their names, patterns as labels."""
    value = one.values.get(run_id)
    if value is None:
        return UNKNOWN
    if one.name in ("members", "backbone"):
        return "; ".join(material.names.get(name) or _other_name(material, name) for name in value.split(", "))
    return choice_title(one.name, value)


def _other_name(material: Material, name: str) -> str:
    """A backbone, or a run that the report is not about; a deleted one keeps its id."""
    return material.others.get(name, name)


def _all_numbers(one: Difference) -> bool:
    return all(value is None or value.replace(".", "").replace("e-", "").isdecimal() for value in one.values.values())


# --- costs ---

_CHARTED = ("alone_wall_seconds", "ms_per_photo")


def cost_section(material: Material) -> Section | None:
    known = [kind for kind in COSTS.values() if any(row.value(kind.key) is not None for row in material.rows)]
    if not known:
        return None
    fronts = [
        f"{COSTS[key].title}: {listed([material.names[run_id] for run_id in ids], 6)}"
        for key, ids in material.comparison.pareto.items()
    ]
    charts = [_cost_chart(material, COSTS[key]) for key in _CHARTED if key in material.comparison.pareto]
    body = render("cost", charts=charts, costs=_cost_table(material, known), fronts=fronts)
    return Section(key="cost", label="Cost", title="Accuracy against cost", body=body)


def _cost_chart(material: Material, kind: CostKind) -> ReportChart:
    verdict, currency = material.comparison.verdict, material.rate[1]
    chart = tradeoff_chart(material.rows, kind.key, verdict=verdict, currency=currency, styles=material.styles)
    return report_chart(f"cost-{kind.key}", chart)


def _cost_table(material: Material, kinds: list[CostKind]) -> Table:
    currency = material.rate[1]
    rows = [
        [run_label(material, row.run.id), *(kind.words(row.value(kind.key), currency) for kind in kinds)]
        for row in material.rows
    ]
    return Table(
        columns=[RUN, *(Column(kind.title, kind.help) for kind in kinds)], rows=rows, caption="Costs of every run"
    )
