"""What a finished run chose on the validation photos, and the features it learned from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.charts.thresholds import thresholds_chart
from core.errors import GraftError
from core.models.cascades.thresholds import threshold_points
from core.recipes.recipe import Pattern
from core.runs.values import Run
from core.text.units import percent, plain, size
from core.web.parts.charts import titled
from core.web.parts.tables import number, table
from core.web.train.mapping import mapping_table
from core.workbench import Workbench

_ON_FEATURES = (Pattern.STANDALONE_EXTRACTOR, Pattern.INTEGRATED_EXTRACTOR)


def show(bench: Workbench, run: Run) -> None:
    """Whatever of it this run has; nothing once its model was deleted."""
    try:
        choice = bench.registry.model(run.id).card.get("choice") or {}
    except GraftError:
        choice = {}
    if "curve" in choice:
        _thresholds(choice)
    if "tried" in choice:
        _tried(choice)
    if "mapping" in choice:
        st.subheader("How ImageNet's classes were read", anchor=False)
        mapping_table(choice["mapping"], choice.get("unmapped", ()))
    if run.recipe.pattern in _ON_FEATURES:
        _features(bench, run)


def _thresholds(choice: Mapping[str, Any]) -> None:
    curve, chosen = threshold_points(choice), choice["threshold"]
    st.subheader("How sure is sure enough", anchor=False)
    alt = "Validation accuracy against cost for every threshold"
    titled(thresholds_chart(curve, chosen), key="run.thresholds", alt=alt)
    st.caption(f"Chosen: {plain(choice.get('by', 'on the validation photos'))}. The test photos had no say in it.")


def _tried(choice: Mapping[str, Any]) -> None:
    """The settings of a scikit-learn classifier that were compared."""
    st.subheader("What was tried", anchor=False)
    chosen = ", ".join(f"{name} = {value}" for name, value in choice["chosen"].items())
    where = "" if "validation" in choice["by"] else " on the validation photos"
    st.markdown(f"{plain(chosen)} was chosen by the {plain(choice['by'])}{where}.")
    rows: Sequence[Mapping] = choice["tried"]
    columns = {
        "accuracy": number("Validation accuracy", "Share of the validation photos it got right."),
        "loss": number("Validation loss", "Mean cross-entropy on the validation photos."),
    }
    numbers = {name for row in rows for name, value in row.items() if _is_number(value)}
    formats = dict.fromkeys(numbers, _short) | {"accuracy": percent}
    table(rows, key="run.tried", formats=formats, columns=columns)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: float) -> str:
    return f"{value:.3g}"


def _features(bench: Workbench, run: Run) -> None:
    """Made when asked for; a second click takes them along."""
    st.subheader("Features", anchor=False)
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
        st.caption("What the network saw of every photo, as numbers: for your own notebook.", width="content")
