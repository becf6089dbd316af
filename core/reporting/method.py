"""How the figures of the report were computed, so that others can check them."""

import os
import platform

from core.reporting.material import Material
from core.reporting.parts import Section
from core.reporting.rendering import render
from core.runs.metrics import CALIBRATION_BINS
from core.text.units import count


def method_section(material: Material) -> Section:
    sizes = material.dataset.split_sizes
    cores = count(os.cpu_count() or 1, "core")
    body = render(
        "method",
        dataset=material.dataset,
        **{split: count(sizes[split], f"{name} photo") for split, name in _PHOTOS.items()},
        bins=CALIBRATION_BINS,
        machine=f"{platform.system()} {platform.machine()}, {cores}, Python {platform.python_version()}",
        version=material.version,
        run_ids=[row.run.id for row in material.rows],
        about=material.about,
        without=",".join(material.comparison.subset.without) if material.comparison.subset else "",
    )
    return Section(key="method", label="Method", title="How these figures were computed", body=body)


_PHOTOS = {"train": "training", "validation": "validation", "test": "test"}
