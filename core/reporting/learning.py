"""How the runs learned, and what depth does."""

from dataclasses import replace

from core.charts.curves import curves_chart
from core.charts.depth import depth_chart
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
            drawn.append(chart(f"curves-{metric}", curves_chart(found, styles=material.styles)))
    return Section("curves", "Learning curves", "How did the runs learn?", joined(drawn)) if drawn else None


def depths_section(material: Material) -> Section | None:
    series = depth_series(material.rows)
    if not series:
        return None
    return Section("depth", "Depth", "How deep?", chart("depth", depth_chart(series)))
