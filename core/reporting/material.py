"""What a report is made of, gathered by ``workbench.report``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from core.advising.growth import Growth
from core.charts import RunStyle, run_styles
from core.comparison.compare import Comparison
from core.comparison.prediction_sets import SetMeasures
from core.comparison.table import Row
from core.curation.left_out import LeftOutPhoto
from core.datasets.values import Dataset, Photo
from core.models.calibration import Calibration
from core.models.cascades.thresholds import ThresholdPoint
from core.models.embedding import PhotoMap
from core.runs.values import Cost, Epoch, Run


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """What every threshold of a confidence cascade gives, and the one it uses."""

    points: tuple[ThresholdPoint, ...]
    chosen: float


@dataclass(frozen=True, kw_only=True)
class Material:
    """The values of a report.

    Args:
        comparison: of the runs; dataset: theirs. runs, costs, epochs: by run id. photos: of the test split.
        others: names of backbones, and of member runs that the report does not cover, by name or id.
        photos_dir: folder of the stored photos, ``<digest>.jpg``.
        calibrations, thresholds, sets: of the runs that have one, by run id. map: of the best run that has one already.
        leaks: a sentence on test photos that leaked; "" where there are none, or none are known.
        left_out: the test photos that the comparison is without. growth: the learning curve of the dataset.
        rate: (price of an hour or None, currency). made_at: seconds since 1970. version: Graft's.
    """

    comparison: Comparison
    dataset: Dataset
    runs: Mapping[str, Run]
    others: Mapping[str, str] = field(default_factory=dict)
    costs: Mapping[str, Cost]
    epochs: Mapping[str, Sequence[Epoch]]
    photos: Sequence[Photo]
    photos_dir: Path
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    thresholds: Mapping[str, Thresholds] = field(default_factory=dict)
    sets: Mapping[str, SetMeasures] = field(default_factory=dict)
    map: PhotoMap | None = None
    leaks: str = ""
    left_out: tuple[LeftOutPhoto, ...] = ()
    growth: Growth | None = None
    rate: tuple[float | None, str] = (None, "EUR")
    made_at: float
    version: str

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Best first."""
        return self.comparison.rows

    @cached_property
    def names(self) -> dict[str, str]:
        """By run id."""
        return self.comparison.names

    @cached_property
    def styles(self) -> dict[str, RunStyle]:
        """One style per run in the whole report."""
        return run_styles(row.run for row in self.rows)

    @property
    def about(self) -> str:
        """Which test photos every figure is about, as a sentence; "" for all of them."""
        subset = self.comparison.subset
        return "" if subset is None else f"On {subset.words}."

    @property
    def predicted(self) -> list[Row]:
        """The rows whose predictions per photo are available, best first."""
        return [row for row in self.rows if row.run.id in self.comparison.predictions]
