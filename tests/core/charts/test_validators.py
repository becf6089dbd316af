"""Figures are checked by Plotly as ever, with a fraction of its parameters in memory."""

import json

import plotly.graph_objects as go
import pytest
from plotly.validator_cache import ValidatorCache

from core.charts.validators import FILE, KindsInUse, keep_kinds_in_use


@pytest.fixture(autouse=True)
def anew(monkeypatch):
    monkeypatch.setattr(ValidatorCache, "_cache", {})
    monkeypatch.setattr(ValidatorCache, "_json_cache", None)
    keep_kinds_in_use()


def test_a_figure_is_the_same_and_a_wrong_property_is_refused_as_before():
    figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4], marker={"color": "#123456"}), layout={"title": {"text": "A"}})
    figure.add_trace(go.Bar(x=["a"], y=[1]))
    figure.update_xaxes(range=[0, 1])
    assert [trace.type for trace in figure.data] == ["scatter", "bar"]
    assert figure.layout.xaxis.range == (0, 1)
    with pytest.raises(ValueError, match="color"):
        go.Scatter(marker={"color": {"no": "colour"}})
    with pytest.raises(ValueError, match="nonsense"):
        go.Scatter(nonsense=1)


def test_every_property_has_the_parameters_of_the_file():
    every, found = json.loads(FILE.read_bytes()), KindsInUse()
    for path in (
        "scatter",
        "scatter.marker.color",
        "layout.xaxis.range",
        "data",
        "heatmap.colorbar.title.text",
        "frame.name",
    ):
        assert found.get(path) == every[path], path
    assert found.get("scatter.nonsense") is None


def test_only_the_kinds_that_are_drawn_are_in_memory():
    go.Figure(go.Scatter(x=[1], y=[2], line={"width": 1}))
    kept = ValidatorCache._json_cache
    assert 0 < len(kept) < 0.45 * len(json.loads(FILE.read_bytes()))
    assert not any(path.startswith("surface.") for path in kept)
