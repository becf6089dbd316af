"""What a finished run chose on the validation photos: threshold, mapping, a classifier's own settings."""

from core.runs import Run
from core.workbench import Workbench


def show(bench: Workbench, run: Run) -> None:
    pass
