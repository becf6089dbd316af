"""Runs in order, what sets them apart, and what they cost."""

from core.backbones import catalogue
from core.charts.tradeoff import tradeoff_chart
from core.comparison import COSTS, CostKind, Difference, without_family
from core.comparison.table import Row
from core.recipes.labels import choice_title
from core.reporting.markup import Column, Html, Section, chart, joined, paragraph, table, tag
from core.reporting.material import Material
from core.reporting.parts import RUN, UNKNOWN, figure, is_best, run_name
from core.runs.values import Status
from core.text.units import count, listed, percent

_BOARD = (
    RUN,
    Column("test accuracy", "Share right of the test photos with its 95 % interval (Wilson)."),
    Column(
        "", "A tie: its difference to the best could be chance (exact McNemar test, Holm correction).", number=False
    ),
    Column("balanced accuracy", "Mean share right of the classes."),
    Column("macro F1", "Mean F1 of the classes."),
    Column("log-loss", "Mean of -log of the probability given to the true class; lower is better."),
    Column("calibration error", "How far confidence and accuracy are apart on average, 15 bins; lower is better."),
    Column("best epoch", "The epoch the model was kept from, by validation loss."),
    Column("training time", COSTS["alone_wall_seconds"].help),
    Column("paid", COSTS["wall_seconds"].help),
    Column("per photo", COSTS["ms_per_photo"].help),
    Column("size", COSTS["model_bytes"].help),
)


def board_section(material: Material) -> Section:
    rows = [_board_row(material, row) for row in material.rows]
    problems = [paragraph(sentence, class_="note") for sentence in material.comparison.missing.values()]
    body = joined([table(_BOARD, rows, caption="Leaderboard, best first"), *problems])
    return Section("leaderboard", "Leaderboard", _board_title(material), body)


def _board_title(material: Material) -> str:
    ties = [row for row in material.rows if row.tie_with_best and not is_best(material, row)]
    if not ties:
        return "Leaderboard"
    return f"{count(len(ties), 'run')} cannot be told from the best"


def _board_row(material: Material, row: Row) -> list[object]:
    return [
        _run(material, row),
        tag("span", percent(row.accuracy, row.interval), class_="best" if is_best(material, row) else None),
        _badge(material, row),
        percent(row.balanced_accuracy),
        percent(row.macro_f1),
        figure(row.log_loss),
        percent(row.ece),
        f"{row.best_epoch} of {row.epochs}" if row.best_epoch else UNKNOWN,
        *(COSTS[key].words(getattr(row, key)) for key in ("alone_wall_seconds", "wall_seconds")),
        *(COSTS[key].words(getattr(row, key)) for key in ("ms_per_photo", "model_bytes")),
    ]


def _run(material: Material, row: Row) -> Html:
    star = "★ " if row.starred else ""
    tags = tag("div", *(tag("span", one, class_="tag") for one in row.tags)) if row.tags else ""
    return joined([star, run_name(material, row.run_id), tags])


def _badge(material: Material, row: Row) -> object:
    if row.status is not Status.FINISHED:
        return str(row.status).lower()
    if is_best(material, row):
        return tag("span", "best", class_="badge")
    return tag("span", "tie", class_="badge") if row.tie_with_best else ""


# --- only what differs ---


def differing_section(material: Material) -> Section | None:
    found = material.comparison.differing
    if not found:
        return None
    columns = [RUN, *(Column(one.in_text, number=_all_numbers(one)) for one in found)]
    rows = [
        [run_name(material, row.run_id), *(_setting(material, one, row.run_id) for one in found)]
        for row in material.rows
    ]
    lead = paragraph("Everything that is not listed is the same in all runs.", class_="note")
    body = joined([lead, table(columns, rows, caption="What differs between the recipes")])
    return Section("recipes", "Recipes", "Only what differs", body)


def _setting(material: Material, one: Difference, run_id: str) -> str:
    """A value for people: runs by their names, patterns in words."""
    value = one.values.get(run_id)
    if value is None:
        return UNKNOWN
    if one.name in ("members", "backbone"):
        return "; ".join(material.names.get(name) or _beside(material, name) for name in value.split(", "))
    return choice_title(one.name, value)


def _beside(material: Material, name: str) -> str:
    """A network of the catalogue, or a run that the report is not about; what was deleted keeps its id."""
    titles = {backbone.name: backbone.title for backbone in catalogue()} | dict(material.others)
    return without_family(titles.get(name, name))


def _all_numbers(one: Difference) -> bool:
    return all(value is None or value.replace(".", "").replace("e-", "").isdecimal() for value in one.values.values())


# --- costs ---

_CHARTED = ("alone_wall_seconds", "ms_per_photo")


def cost_section(material: Material) -> Section | None:
    known = [kind for kind in COSTS.values() if any(getattr(row, kind.key) is not None for row in material.rows)]
    if not known:
        return None
    drawn = [chart_ for key in _CHARTED if (chart_ := _cost_chart(material, COSTS[key]))]
    return Section(
        "cost",
        "Cost",
        "What does the accuracy cost?",
        joined([*drawn, _cost_table(material, known), _fronts(material)]),
    )


def _cost_chart(material: Material, kind: CostKind) -> Html | None:
    if kind.key not in material.comparison.pareto:
        return None
    pairs, currency = material.comparison.against_best, material.rate[1]
    drawn = tradeoff_chart(material.rows, kind.key, pairs=pairs, currency=currency, styles=material.styles)
    return chart(f"cost-{kind.key}", drawn)


def _cost_table(material: Material, kinds: list[CostKind]) -> Html:
    columns = [RUN, *(Column(kind.title, kind.help) for kind in kinds)]
    currency = material.rate[1]
    rows = [
        [run_name(material, row.run_id), *(kind.words(getattr(row, kind.key), currency) for kind in kinds)]
        for row in material.rows
    ]
    return table(columns, rows, caption="What every run cost")


def _fronts(material: Material) -> Html:
    """Who is on the Pareto front, in words."""
    lines = [
        tag("li", f"{COSTS[key].title}: {listed([material.names[run_id] for run_id in ids], 6)}")
        for key, ids in material.comparison.pareto.items()
    ]
    return tag("details", tag("summary", "On the Pareto front, for every cost"), tag("ul", *lines))
