"""How the runs learned, and what depth does."""

from dataclasses import replace

from core import charts
from core.comparison import curves, depth_series
from core.reporting.markup import Section, chart, joined
from core.reporting.material import Material


def curves_section(material: Material) -> Section | None:
    runs = [material.runs[row.run_id] for row in material.rows]
    drawn = []
    for metric in ("val_accuracy", "val_loss"):
        found = [
            replace(curve, name=material.names[curve.run_id])
            for curve in curves(runs, material.epochs, metric, costs=material.costs)
        ]
        if found:
            figure = charts.learning_curves(found, styles=material.styles)
            said = charts.learning_curves_caption(found, styles=material.styles)
            drawn.append(chart(f"curves-{metric}", figure, charts.learning_curves_title(found), said))
    return Section("curves", "Learning curves", "How did the runs learn?", joined(drawn)) if drawn else None


def depths_section(material: Material) -> Section | None:
    series = depth_series(material.rows)
    if not series:
        return None
    figure = charts.over_depth(series, "accuracy")
    return Section("depth", "Depth", "How deep?", chart("depth", figure, charts.depth_title(series[0])))
