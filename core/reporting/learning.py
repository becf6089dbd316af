"""Learning curves, depth sweeps, and whether more photos would help."""

from dataclasses import replace

from core.charts.curves import curves_chart
from core.charts.depth import depth_chart
from core.charts.growth import gains_chart, growth_chart
from core.comparison.curves import curves
from core.comparison.depths import depth_series
from core.reporting.material import Material
from core.reporting.parts import Section, report_chart
from core.reporting.rendering import render


def curves_section(material: Material) -> Section | None:
    runs = [material.runs[row.run.id] for row in material.rows]
    charts = []
    for metric in ("val_accuracy", "val_loss"):
        found = [
            replace(curve, name=material.names[curve.run_id])
            for curve in curves(runs, material.epochs, metric, costs=material.costs)
        ]
        if found:
            charts.append(report_chart(f"curves-{metric}", curves_chart(found, styles=material.styles)))
    if not charts:
        return None
    body = render("charts", charts=charts)
    return Section(key="curves", label="Learning curves", title="How did the runs learn?", body=body)


def depths_section(material: Material) -> Section | None:
    series = depth_series(material.rows)
    if not series:
        return None
    body = render("charts", charts=[report_chart("depth", depth_chart(series, styles=material.styles))])
    return Section(key="depth", label="Depth", title="How deep should the network be cut?", body=body)


def growth_section(material: Material) -> Section | None:
    """Of the dataset, where a learning curve was made; None where none was, or the photos were too few."""
    found = material.growth
    if found is None or not found.curves:
        return None
    charts = [report_chart("growth", growth_chart(found, len(material.dataset.class_names)))]
    charts += [report_chart("gains", gains_chart(found.curves[0]))] if found.curves[0].some_class_gains else []
    body = render("charts", charts=charts)
    return Section(key="growth", label="More photos", title="Would more photos help?", body=body)
