"""Cost and test metrics of a finished run."""

import streamlit as st

from core.charts.confusion import confusion_chart
from core.comparison.cost_axes import COSTS
from core.comparison.table import leaderboard
from core.runs.values import Evaluation, Run
from core.text.units import duration, listed, percent
from core.web.parts.charts import titled
from core.web.parts.labels import cost_formatter, cost_title
from core.web.parts.metrics import metrics
from core.web.parts.tables import number, table
from core.workbench import Workbench


def cost(bench: Workbench, run: Run) -> None:
    """Time spent and training time, the time of every stage, and the costs that could not be measured here."""
    spent = bench.registry.cost(run.id)
    if spent is None:
        return
    st.subheader("Cost", anchor=False)
    rate, currency = bench.rate()
    row = leaderboard([run], {run.id: spent}, rate_per_hour=rate)[0]
    kinds = [kind for key, kind in COSTS.items() if rate is not None or "money" not in key]
    measured = [kind for kind in kinds if row.value(kind.key) is not None]
    metrics(
        "cost",
        *((cost_title(kind), cost_formatter(kind, currency)(row.value(kind.key)), kind.help) for kind in measured),
    )
    saved = spent.alone_wall_seconds - spent.wall_seconds
    if saved > 0.05 * spent.alone_wall_seconds:
        combined = run.recipe.cascade is not None and run.recipe.cascade.combines_runs
        source = "Reusing the runs it combines" if combined else "Results cached by earlier runs"
        st.caption(f"{source} saved {duration(saved)}.")
    st.caption(" · ".join(f"{stage}: {duration(seconds)}" for stage, seconds in spent.stages.items()))
    missing = [kind.title for kind in kinds if kind not in measured]
    if missing:
        st.caption(f"Not measured on this machine: {listed(missing)}.")


def evaluation(bench: Workbench, run: Run) -> None:
    """Metrics per class, and the confusion matrix."""
    measured = bench.registry.evaluation(run.id)
    if measured is None:
        return
    st.subheader("Test metrics", anchor=False)
    left, right = st.columns(2)
    with left:
        classes = _class_rows(measured)
        table(
            classes,
            key="run.classes",
            formats=dict.fromkeys(("Precision", "Recall", "F1"), percent),
            columns=_CLASS_COLUMNS,
        )
    with right:
        names = tuple(score.class_name for score in measured.per_class)
        titled(confusion_chart(measured.confusion, names), key="run.confusion", alt="Confusion matrix")


def _class_rows(evaluation: Evaluation) -> list[dict]:
    return [
        {"Class": s.class_name, "Photos": s.photos, "Precision": s.precision, "Recall": s.recall, "F1": s.f1}
        for s in evaluation.per_class
    ]


_CLASS_COLUMNS = {
    "Photos": number("Photos", "Test photos of this class."),
    "Precision": number("Precision", "Of the photos predicted as this class, the percentage that belong to it."),
    "Recall": number("Recall", "Of the photos of this class, the percentage predicted as it."),
    "F1": number("F1", "Harmonic mean of precision and recall."),
}
