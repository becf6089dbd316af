"""What the runs predicted: in pairs, class by class, and with which confidence."""

from collections.abc import Sequence

from core.charts.confusion import confusion_chart
from core.charts.coverage import coverage_chart
from core.charts.embedding import embedding_chart
from core.charts.per_class import per_class_chart
from core.charts.reliability import reliability_chart
from core.charts.thresholds import thresholds_chart
from core.comparison.coverage import coverage
from core.comparison.paired import Paired
from core.comparison.reliability import reliability
from core.comparison.summary import family_sentence, pair_sentence, standings_sentence
from core.reporting.material import Material
from core.reporting.parts import (
    RUN,
    Badge,
    Column,
    Section,
    Table,
    figure,
    report_chart,
    run_label,
    signed_points,
)
from core.reporting.rendering import render
from core.text.units import p_value, percent

_MOST_BARS, _MOST_CURVES = 6, 12
"""Runs drawn: more could not be distinguished."""

_CLASSES = (
    Column("class", number=False),
    Column("photos", "Test photos of this class."),
    Column("recall", "Percent of the photos of this class that were predicted as it."),
    Column("precision", "Percent of the photos predicted as this class that belong to it."),
    Column("F1", "Harmonic mean of precision and recall."),
)
_TEMPERATURES = (
    RUN,
    Column("temperature", "Above 1 it lowers the confidence, below 1 it raises it."),
    Column("validation error before", "Calibration error on the photos it was fitted on."),
    Column("after"),
    Column("test error before", "Calibration error on photos it was not fitted on."),
    Column("after"),
    Column("test log-loss before"),
    Column("after"),
)
_COUNTS = (
    Column("both right", "Photos that both classified correctly."),
    Column("only first", "Photos that only the first classified correctly."),
    Column("only second", "Photos that only the second classified correctly."),
    Column("neither", "Photos that neither classified correctly."),
    Column("difference (points)", "Accuracy of the first minus that of the second, with the corrected interval."),
    Column("p", "McNemar's exact test, not corrected."),
    Column("corrected p", "After Holm's correction for the comparisons named above the table."),
)
_OTHERS = (Column("first", number=False), Column("second", number=False), *_COUNTS, Column("", number=False))
_AGAINST_BEST = (Column("the best against", number=False), *_COUNTS, Column("", number=False))


def pairs_section(material: Material) -> Section | None:
    pairs = material.comparison.against_best
    if not pairs:
        return None
    others = material.comparison.other_pairs
    against_best = [[run_label(material, p.b), *_counts(p), _significance(p)] for p in pairs]
    other_rows = [[run_label(material, p.a), run_label(material, p.b), *_counts(p), _significance(p)] for p in others]
    body = render(
        "pairs",
        lead=_pairs_lead(material, pairs),
        against_best=Table(
            columns=_AGAINST_BEST, rows=against_best, caption="The best run against each other one, same test photos"
        ),
        others=Table(columns=_OTHERS, rows=other_rows, caption="All other pairs"),
        note=family_sentence(others[0].family, others[0].comparisons) if others else "",
    )
    return Section(key="pairs", label="Significance", title="Are the differences significant?", body=body)


def _pairs_lead(material: Material, pairs: Sequence[Paired]) -> str:
    if len(pairs) == 1:
        return pair_sentence(pairs[0], material.names)
    found = material.comparison.verdict
    assert found is not None
    families = family_sentence(pairs[0].family, pairs[0].comparisons)
    return f"Best: {material.names[pairs[0].a]}. {standings_sentence(found, material.names)} {families}"


def _counts(pair: Paired) -> list[object]:
    interval = f"{signed_points(pair.low)} to {signed_points(pair.high)}"
    photos = [pair.both_right, pair.only_a, pair.only_b, pair.both_wrong]
    return [*photos, f"{signed_points(pair.difference)} ({interval})", _p(pair.p_value), _p(pair.adjusted_p)]


def _p(value: float) -> str:
    return p_value(value).removeprefix("p = ").removeprefix("p ")


def _significance(pair: Paired) -> Badge | str:
    return Badge("not significant") if pair.tie else "significant"


# --- classes ---


def classes_section(material: Material) -> Section | None:
    evaluations = material.comparison.evaluations
    ids = [row.run.id for row in material.rows if row.run.id in evaluations][:_MOST_BARS]
    if not ids:
        return None
    recall = per_class_chart({run_id: evaluations[run_id] for run_id in ids}, material.names, styles=material.styles)
    body = render(
        "classes",
        recall=report_chart("per-class", recall, before=_RECALL),
        runs=[(run_label(material, run_id), _class_table(material, run_id)) for run_id in ids],
    )
    return Section(key="classes", label="Classes", title="Which classes are hard?", body=body)


_RECALL = "Recall: percent of the test photos of a class that are classified correctly."


def _class_table(material: Material, run_id: str) -> Table:
    scores = material.comparison.evaluations[run_id].per_class
    rows = [[one.class_name, one.photos, *map(percent, (one.recall, one.precision, one.f1))] for one in scores]
    return Table(columns=_CLASSES, rows=rows, caption=f"Classes of {material.names[run_id]}")


def confusion_section(material: Material) -> Section | None:
    measured = [row.run.id for row in material.rows if row.run.id in material.comparison.evaluations]
    if not measured:
        return None
    matrix = confusion_chart(material.comparison.evaluations[measured[0]].confusion, material.comparison.class_names)
    of = f"Of {material.names[measured[0]]}, the best run. Rows are true classes, columns predictions."
    body = render("charts", charts=[report_chart("confusion", matrix, before=of)])
    return Section(key="confusion", label="Confusion", title="Which classes are confused?", body=body)


# --- confidence ---


def calibration_section(material: Material) -> Section | None:
    """Reliability and coverage: of the same runs, from the same probabilities."""
    ids = [row.run.id for row in material.predicted][:_MOST_CURVES]
    if not ids:
        return None
    predictions = material.comparison.predictions
    diagram = reliability_chart(
        [reliability(predictions[run_id]) for run_id in ids[:_MOST_BARS]], material.names, styles=material.styles
    )
    curves = coverage_chart(
        {run_id: coverage(predictions[run_id]) for run_id in ids}, material.names, styles=material.styles
    )
    body = render(
        "calibration",
        reliability=report_chart("reliability", diagram, before=_RELIABILITY),
        temperatures=_temperatures(material),
        coverage=report_chart("coverage", curves, before=_COVERAGE),
    )
    return Section(key="calibration", label="Calibration", title="Does the confidence match the accuracy?", body=body)


_RELIABILITY = "On the diagonal confidence equals accuracy; below it a run is overconfident."
_COVERAGE = "From right to left only the most confident predictions are kept; the other photos are left to a person."


def _temperatures(material: Material) -> Table:
    """Calibration before and after, of the runs whose temperature was scaled."""
    rows = [
        [
            run_label(material, run_id),
            f"{one.temperature:.2f}",
            *map(percent, (one.validation_ece_before, one.validation_ece_after)),
            *map(percent, (one.test_ece_before, one.test_ece_after)),
            *map(figure, (one.test_loss_before, one.test_loss_after)),
        ]
        for run_id, one in material.calibrations.items()
    ]
    return Table(columns=_TEMPERATURES, rows=rows, caption="Effect of the temperature")


def thresholds_section(material: Material) -> Section | None:
    charts = [
        report_chart(
            f"thresholds-{run_id}",
            thresholds_chart(one.points, one.chosen),
            before=f"{material.names[run_id]}. Every point is a threshold, on the validation photos; the large one is "
            "used.",
        )
        for run_id, one in material.thresholds.items()
    ]
    if not charts:
        return None
    body = render("charts", charts=charts)
    return Section(key="thresholds", label="Cascade thresholds", title="Which threshold for a cascade?", body=body)


def map_section(material: Material) -> Section | None:
    found = material.map
    if found is None:
        return None
    first, second = found.explained
    axes = (
        f"{material.names[found.run_id]}: the two directions of largest variance (PCA) of the {found.source}, "
        f"{percent(first)} and {percent(second)} of it."
    )
    chart = report_chart("map", embedding_chart(found, material.comparison.class_names), before=axes)
    body = render("charts", charts=[chart])
    return Section(key="map", label="Embedding map", title="Which photos look similar to the network?", body=body)
