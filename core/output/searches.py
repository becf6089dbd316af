"""A search over recipes as JSON and sentences: ``core search``, the page Train."""

from core.datasets.values import Dataset
from core.registry import Registry
from core.runs.metrics import wilson_interval
from core.runs.values import Run
from core.searching.values import SearchStatus, SearchTrial, TrialState
from core.text.units import count, duration, percent


def search_json(dataset: Dataset, status: SearchStatus, registry: Registry) -> dict:
    """How far the search of a dataset is. Test figures are told of the best trial's run alone."""
    best = status.best
    run = best_run(status, registry)
    return {
        "dataset": dataset.id,
        "name": dataset.name,
        "version": dataset.version,
        "state": status.state,
        "validation_photos": dataset.split_sizes["validation"],
        "status": status.to_json(),
        "summary": search_sentence(status),
        "optimism": optimism_sentence(status, dataset, run),
        "best": None if best is None else best.number,
        "best_run": None if run is None else run.id,
        "test_accuracy": None if run is None else run.test_accuracy,
    }


def best_run(status: SearchStatus, registry: Registry) -> Run | None:
    """The run of the best trial; None where there is none, or it was deleted."""
    found = registry.runs_of([status.best.run_id]) if status.best else []
    return found[0] if found else None


def search_sentence(status: SearchStatus) -> str:
    """How far it is: ``9 trials, 3 of 30 min of training time spent.`` and why it ended."""
    if status.state == "none":
        return "There was no search yet."
    spent = f"{duration(status.spent)} of {duration(60 * status.minutes)} of training time spent"
    most = "" if status.most_trials is None else f" of {status.most_trials}"
    told = f"{len(status.trials)}{most} trials, {spent}." if most else f"{count(len(status.trials), 'trial')}, {spent}."
    return " ".join(filter(None, [told, status.message]))


def best_sentence(best: SearchTrial, photos: int) -> str:
    """The best trial by so many validation photos."""
    return f"Best by validation photos: {best.name}, {validation_text(best.accuracy, photos)}."


def validation_text(accuracy: float | None, photos: int) -> str:
    """A validation accuracy with the 95 % interval of so many photos; "" where there is none."""
    return "" if accuracy is None else percent(accuracy, wilson_interval(round(accuracy * photos), photos))


def left_out_sentence(status: SearchStatus) -> str:
    """How many proposals were not launched."""
    return (
        f"{count(status.left_out, 'proposal')} not launched: tried already, refused, or longer than what was left, by "
        "the forecast."
    )


def optimism_sentence(status: SearchStatus, dataset: Dataset, run: Run | None) -> str:
    """Why the best trial's validation accuracy is too high, and what its test photos say; "" without a best one."""
    if status.best is None:
        return ""
    photos = count(dataset.split_sizes["validation"], "validation photo")
    chosen = (
        f"Its validation accuracy is optimistic: the highest of {count(status.judged, 'trial')} on the same {photos}."
        if status.judged > 1
        else f"It is the only trial that was measured, on {photos}."
    )
    if run is None:
        return f"{chosen} Its run was deleted."
    if run.test_accuracy is None:
        return f"{chosen} Its test accuracy is measured once, by its run, and is not known."
    test = percent(run.test_accuracy, (run.test_low, run.test_high))
    return f"{chosen} Its test accuracy, measured once and not used by the search, is {test}."


def trial_text(one: SearchTrial) -> str:
    """What became of a trial, with the reason."""
    state = "an earlier run" if one.reused and one.state is TrialState.FINISHED else str(one.state)
    return f"{state}: {one.reason}" if one.reason else state
