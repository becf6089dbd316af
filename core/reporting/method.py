"""How the numbers of the report were made, so that somebody else can check them."""

import os
import platform

from core.reporting.markup import Section, joined, paragraph, tag
from core.reporting.material import Material
from core.runs.metrics import CALIBRATION_BINS
from core.text.units import count

_SENTENCES = (
    "Accuracy is the share of the test photos whose likeliest class is the true one. Its 95 % interval is "
    "Wilson's score interval (Wilson 1927).",
    "Balanced accuracy is the mean share right of the classes that have test photos; macro F1 the mean F1 of the "
    "classes that have photos or were answered (as in scikit-learn).",
    "Log-loss is the mean of −log of the probability given to the true class, clipped at 1e-7.",
    f"Calibration error: answers are put into {CALIBRATION_BINS} bins of equal width by their confidence; the "
    "error is the mean distance of confidence and accuracy over the bins, weighted by their photos (Guo et al. "
    "2017).",
    "Two runs answered the same test photos, so they are compared photo by photo. The p-value is that of "
    "McNemar's exact test on the photos that only one of them got right. The best run is tested against each "
    "other one, and these p-values are corrected for their number (Holm 1979). A run is called a tie when its "
    "corrected p-value is 0.05 or more: the difference could be chance. A tie does not mean that two runs are "
    "equally good.",
    "The 95 % interval of a difference in accuracy is that of a paired bootstrap over the test photos, computed over "
    "all possible drawings rather than sampled (Efron 1979); where the runs are right on the very same photos, or one "
    "on all and the other on none, it is Newcombe's (1998, method 10), because there is nothing to resample.",
    "Training time is wall-clock time as if the run had computed everything itself; paid time is what it took, "
    "with stored features for nothing. Waiting in the queue never counts. What was not measured says so; nothing "
    "is estimated.",
    "A run is on the Pareto front of a cost when no other run is at least as accurate for less.",
    "The time per photo is the median over single photos through the saved model on the machine that trained it.",
    "Which epoch a model was kept from was decided by validation loss alone; thresholds and temperatures were "
    "fitted on validation photos. The test photos were read once, after training.",
    "Probabilities are shown as the models gave them: a temperature kept with a model changes live predictions "
    "only, and no figure here uses it except where it says so.",
)


def method_section(material: Material) -> Section:
    dataset = material.dataset
    sizes = dataset.split_sizes
    first = (
        f"All runs learned from {count(sizes['train'], 'training photo')} of {dataset.name} version {dataset.version}, "
        f"were chosen on {count(sizes['validation'], 'validation photo')} and measured on "
        f"{count(sizes['test'], 'test photo')}, which never take part in training."
    )
    cores = os.cpu_count() or 1
    machine = f"{platform.system()} {platform.machine()}, {count(cores, 'core')}, Python {platform.python_version()}"
    body = joined(
        [
            paragraph(first),
            tag("ul", *(tag("li", sentence) for sentence in _SENTENCES), class_="method"),
            paragraph(f"Report made on {machine}, with Graft {material.version}.", class_="note"),
            paragraph(_again(material), class_="note"),
        ]
    )
    return Section("method", "Method", "How these numbers were made", body)


def _again(material: Material) -> object:
    runs = " ".join(row.run_id for row in material.rows)
    return joined(["The same figures as JSON: ", tag("code", f"python -m core compare {runs} --json")])
