"""Results of a finished run: cost, test metrics, and what was selected on the validation photos."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.charts.confusion import confusion_chart
from core.charts.stages import stages_chart
from core.charts.thresholds import thresholds_chart
from core.comparison.cost_axes import COSTS, UNKNOWN_TRAINING_TIME
from core.comparison.table import leaderboard
from core.errors import GraftError
from core.models.cascades.thresholds import threshold_points
from core.recipes.patterns import Pattern
from core.runs.values import Evaluation, Run
from core.text.units import duration, listed, percent, plain, size, whole_percent
from core.web.parts.charts import titled
from core.web.parts.labels import cost_formatter, cost_title
from core.web.parts.tables import number, table
from core.web.parts.widgets import metrics
from core.web.train.mapping import mapping_table
from core.web.train.prompts import texts_table
from core.workbench import Workbench


def cost(bench: Workbench, run: Run) -> None:
    """Time spent and training time, the time of every stage, and the costs that could not be measured here."""
    spent = bench.registry.cost(run.id)
    if spent is None:
        return
    st.header("Cost", anchor=False)
    rate, currency = bench.rate()
    row = leaderboard([run], {run.id: spent}, rate_per_hour=rate)[0]
    kinds = [kind for key, kind in COSTS.items() if rate is not None or "money" not in key]
    measured = [kind for kind in kinds if row.value(kind.key) is not None]
    metrics(
        "cost",
        *((cost_title(kind), cost_formatter(kind, currency)(row.value(kind.key)), kind.help) for kind in measured),
    )
    alone = spent.alone_wall_seconds
    saved = 0.0 if alone is None else alone - spent.wall_seconds
    if alone is not None and saved > 0.05 * alone:
        source = "Reusing what it is made of" if run.recipe.combines_runs else "Results cached by earlier runs"
        st.caption(f"{source} saved {duration(saved)}.")
    if spent.stages:
        titled(stages_chart(spent.stages), key="run.stages-chart", alt="Time of every stage of this run")
    if alone is None:
        st.caption(UNKNOWN_TRAINING_TIME)
    missing = [kind.title for kind in kinds if kind not in measured and not kind.key.startswith("alone")]
    if missing:
        st.caption(f"Not measured on this machine: {listed(missing)}.")


def evaluation(bench: Workbench, run: Run) -> None:
    """Metrics per class, and the confusion matrix."""
    measured = bench.registry.evaluation(run.id)
    if measured is None:
        return
    st.header("Test metrics", anchor=False)
    left, right = st.columns(2)
    with left:
        classes = _class_rows(measured)
        table(
            classes,
            key="run.classes",
            formats=dict.fromkeys(("Precision", "Recall", "F1"), whole_percent),
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


# --- what was selected on the validation photos ---

_ON_FEATURES = (Pattern.STANDALONE_EXTRACTOR, Pattern.INTEGRATED_EXTRACTOR)


def choices(bench: Workbench, run: Run) -> None:
    """Threshold curve, settings that were compared, class mapping, features: those this run has.

    The first three are in the card of the model, so they are gone once it is deleted.
    """
    try:
        choice = bench.registry.model(run.id).card.get("choice") or {}
    except GraftError:
        choice = {}
    if "curve" in choice:
        _thresholds(choice)
    if "tried" in choice:
        _tried(choice)
    if "mapping" in choice:
        st.header("Mapping of ImageNet classes", anchor=False)
        mapping_table(choice["mapping"], choice.get("unmapped", ()))
    if "texts" in choice:
        st.header("Texts of the classes", anchor=False)
        texts_table(choice["texts"])
    if run.recipe.pattern in _ON_FEATURES:
        _features(bench, run)


def _thresholds(choice: Mapping[str, Any]) -> None:
    curve, chosen = threshold_points(choice), choice["threshold"]
    st.header("Cascade threshold", anchor=False)
    alt = "Validation accuracy against cost for every threshold"
    titled(thresholds_chart(curve, chosen), key="run.thresholds", alt=alt)
    st.caption(f"Chosen: {plain(choice.get('by', 'on the validation photos'))}. The test photos were not used.")


def _tried(choice: Mapping[str, Any]) -> None:
    """The settings of a scikit-learn classifier that were compared on the validation photos."""
    st.header("Settings compared", anchor=False)
    chosen = ", ".join(f"{name} = {value}" for name, value in choice["chosen"].items())
    where = "" if "validation" in choice["by"] else " on the validation photos"
    st.markdown(f"{plain(chosen)} was chosen by the {plain(choice['by'])}{where}.")
    rows: Sequence[Mapping] = choice["tried"]
    columns = {
        "accuracy": number("Validation accuracy", "Percentage of the validation photos it classified correctly."),
        "loss": number("Validation loss", "Mean cross-entropy on the validation photos."),
    }
    numbers = {name for row in rows for name, value in row.items() if _is_number(value)}
    formats = dict.fromkeys(numbers, "{:.3g}".format) | {"accuracy": percent}
    table(rows, key="run.tried", formats=formats, columns=columns)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _features(bench: Workbench, run: Run) -> None:
    """The Parquet file is written by the first button and downloaded by the second."""
    st.header("Features", anchor=False)
    key = f"run.features.{run.id}"
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Prepare features as Parquet", icon=":material/table_view:", key="run.features"):
            with st.spinner("Writing the features …"):
                st.session_state[key] = str(bench.features_parquet(run.id))
        path = Path(st.session_state.get(key, ""))
        if path.is_file():
            st.download_button(
                f"Download {size(path.stat().st_size)}", path.read_bytes, path.name, "application/vnd.apache.parquet",
                key="run.features.download", icon=":material/download:", on_click="ignore",
            )  # fmt: skip
        st.caption("The feature vector of every photo, for your own notebook.", width="content")
