"""What the runs answered: in pairs, class by class, how sure they were."""

from collections.abc import Sequence

from core.charts.confusion import confusion_chart
from core.charts.coverage import coverage_chart
from core.charts.embedding import embedding_chart
from core.charts.per_class import per_class_chart
from core.charts.reliability import reliability_chart
from core.charts.thresholds import thresholds_chart
from core.comparison import Paired, coverage, reliability, verdict
from core.reporting.markup import Column, Html, Section, chart, joined, paragraph, table, tag
from core.reporting.material import Material
from core.reporting.parts import RUN, figure, run_name, signed_points
from core.text.units import count, p_value, percent

_MOST_BARS, _MOST_CURVES = 6, 12
"""Runs drawn: more could not be told apart."""

_CLASSES = (
    Column("class", number=False),
    Column("photos", "Test photos of this class."),
    Column("recall", "Of the photos that are, the share called so."),
    Column("precision", "Of the photos called so, the share that are."),
    Column("F1", "Harmonic mean of precision and recall."),
)
_TEMPERATURES = (
    RUN,
    Column("temperature", "Above 1 it makes answers less sure, below 1 surer."),
    Column("validation error before", "Calibration error on the photos it was fitted on."),
    Column("after"),
    Column("test error before", "Calibration error on photos that had no say."),
    Column("after"),
    Column("test log-loss before"),
    Column("after"),
)
_COUNTS = (
    Column("both right", "Photos both got right."),
    Column("only first", "Photos only the first got right."),
    Column("only second", "Photos only the second got right."),
    Column("neither", "Photos neither got right."),
    Column("difference (points)", "Accuracy of the first minus that of the second, with its 95 % interval."),
    Column("p", "McNemar's exact test."),
)
_OTHERS = (Column("first", number=False), Column("second", number=False), *_COUNTS, Column("", number=False))
_CORRECTED = Column("corrected p", "After Holm's correction for all comparisons with the best.")
_AGAINST_BEST = (Column("the best against", number=False), *_COUNTS, _CORRECTED, Column("", number=False))


def pairs_section(material: Material) -> Section | None:
    pairs = material.comparison.against_best
    if not pairs:
        return None
    best = material.names[pairs[0].a]
    clear = sum(not pair.tie for pair in pairs)
    lead = (
        f"{best} is clearly better than {clear} of {count(len(pairs), 'other run')}; the other differences could be "
        "chance on these photos."
    )
    if len(pairs) == 1:
        lead = verdict(pairs[0], material.names)
    compared = [[run_name(material, pair.b), *_counts(pair), _p(pair.adjusted_p), _outcome(pair)] for pair in pairs]
    body = joined(
        [
            paragraph(lead),
            table(_AGAINST_BEST, compared, caption="The best run against each other one, on the same test photos"),
            _other_pairs(material, material.comparison.pairs[len(pairs) :]),
        ]
    )
    return Section("pairs", "Differences", "Is the difference real?", body)


def _other_pairs(material: Material, pairs: Sequence[Paired]) -> Html:
    if not pairs:
        return Html()
    rows = [[run_name(material, pair.a), run_name(material, pair.b), *_counts(pair), _outcome(pair)] for pair in pairs]
    note = paragraph("These p-values are not corrected for their number.", class_="note")
    shown = table(_OTHERS, rows, caption="All other pairs")
    return tag("details", tag("summary", f"All {len(pairs)} other pairs"), note, shown)


def _counts(pair: Paired) -> list[object]:
    interval = f"{signed_points(pair.low)} to {signed_points(pair.high)}"
    photos = [pair.both_right, pair.only_a, pair.only_b, pair.both_wrong]
    return [*photos, f"{signed_points(pair.difference)} ({interval})", _p(pair.p_value)]


def _p(value: float) -> str:
    return p_value(value).removeprefix("p = ").removeprefix("p ")


def _outcome(pair: Paired) -> object:
    return tag("span", "tie", class_="badge") if pair.tie else "different"


# --- classes ---


def classes_section(material: Material) -> Section | None:
    evaluations = material.comparison.evaluations
    ids = [row.run_id for row in material.rows if row.run_id in evaluations][:_MOST_BARS]
    if not ids:
        return None
    drawn = {run_id: evaluations[run_id] for run_id in ids}
    bars = per_class_chart(drawn, material.names, styles=material.styles)
    body = chart("per-class", bars, f"{_RECALL} {bars.caption}")
    return Section("classes", "Classes", "Which classes are hard?", joined([body, _class_tables(material, ids)]))


def _class_tables(material: Material, ids: Sequence[str]) -> Html:
    """Precision beside recall, of every drawn run."""
    tables = [_class_table(material, run_id) for run_id in ids]
    return tag("details", tag("summary", "Precision, recall and F1 of every class"), *tables)


def _class_table(material: Material, run_id: str) -> Html:
    scores = material.comparison.evaluations[run_id].per_class
    rows = [[one.class_name, one.photos, *map(percent, (one.recall, one.precision, one.f1))] for one in scores]
    made = table(_CLASSES, rows, caption=f"Classes of {material.names[run_id]}")
    return joined([tag("h3", run_name(material, run_id)), made])


def confusion_section(material: Material) -> Section | None:
    found = [row for row in material.rows if row.run_id in material.comparison.evaluations]
    if not found:
        return None
    best = found[0]
    evaluation, names = material.comparison.evaluations[best.run_id], material.comparison.class_names
    matrix = confusion_chart(evaluation.confusion, names)
    of = f"Of {material.names[best.run_id]}, the best run. Rows are true classes, columns predictions."
    body = chart("confusion", matrix, f"{of} {matrix.caption}")
    return Section("confusion", "Confusion", "Which classes are confused?", body)


# --- how sure ---


def sureness_section(material: Material) -> Section | None:
    """Reliability and coverage: of the same runs, from the same probabilities."""
    ids = [row.run_id for row in material.answered][:_MOST_CURVES]
    if not ids:
        return None
    results = material.comparison.results
    raw = [reliability(results[run_id]) for run_id in ids[:_MOST_BARS]]
    diagram = reliability_chart(raw, material.names, styles=material.styles)
    points = {run_id: coverage(results[run_id]) for run_id in ids}
    curves = coverage_chart(points, material.names, styles=material.styles)
    body = joined(
        [
            chart("reliability", diagram, f"{_RELIABILITY} {diagram.caption}"),
            _temperatures(material),
            chart("coverage", curves, _COVERAGE),
        ]
    )
    return Section("sureness", "Certainty", "Is a run as often right as it says?", body)


_RECALL = "Recall: percent of the photos of a class that are classified correctly."
_RELIABILITY = "On the diagonal a run is right as often as it says; below it, it is too sure of itself."
_COVERAGE = "From right to left ever fewer test photos get an answer, the surest ones; the others are left to a person."


def _temperatures(material: Material) -> Html:
    """What a temperature changes, for the runs that have one."""
    if not material.calibrations:
        return Html()
    rows = [
        [
            run_name(material, run_id),
            f"{one.temperature:.2f}",
            *map(percent, (one.validation_ece_before, one.validation_ece_after)),
            *map(percent, (one.test_ece_before, one.test_ece_after)),
            *map(figure, (one.test_loss_before, one.test_loss_after)),
        ]
        for run_id, one in material.calibrations.items()
    ]
    lead = (
        "Some models carry a temperature, fitted on validation photos; live predictions use it, no other figure does."
    )
    return joined([paragraph(lead, class_="note"), table(_TEMPERATURES, rows, caption="What a temperature changes")])


def thresholds_section(material: Material) -> Section | None:
    drawn = [
        chart(
            f"thresholds-{run_id}",
            thresholds_chart(one.points, one.chosen),
            f"{material.names[run_id]}. Every point is a threshold, on the validation photos; the large one is used.",
        )
        for run_id, one in material.thresholds.items()
    ]
    return Section("thresholds", "Thresholds", "When does a cascade pass on?", joined(drawn)) if drawn else None


def map_section(material: Material) -> Section | None:
    found = material.map
    if found is None:
        return None
    first, second = found.explained
    caption = (
        f"{material.names[found.run_id]}: the two directions of largest variance (PCA) of the {found.source}; they "
        f"show {percent(first)} and {percent(second)} of it. Every dot is a test photo, a cross a mistake."
    )
    body = chart("map", embedding_chart(found, material.comparison.class_names), caption)
    return Section("map", "Map", "Which photos look alike?", body)
