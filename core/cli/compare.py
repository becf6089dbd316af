"""``core compare``: some runs side by side, with the same numbers as the page Compare."""

from argparse import Namespace

from core.cli.verbs import Result, Verbs, add_runs, add_verb, add_without, table
from core.comparison.paired import Family
from core.comparison.summary import family_sentence
from core.comparison.table import rank_text
from core.curation.flags import Flag, flags_of
from core.output.comparisons import compared_json
from core.text.units import percent
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "compare", compare, compare_text, "compare runs of one dataset")
    add_runs(verb)
    add_without(verb)


def compare(options: Namespace) -> Result:
    return compared_json(Workbench.open(), options.runs, flags_of(options.without)), True


def compare_text(result: dict) -> str:
    header = ("run", "name", "test accuracy", "95 %", "balanced", "log-loss", "calibration error", "spent", "verdict")
    subset, leaks = result["subset"], result["leaks"]
    ranked = ("rank",) * (subset is not None)
    lines = [table((*ranked, *header), [_cells(run, ranked=bool(ranked)) for run in result["runs"]])]
    lines += [subset["sentence"]] if subset else []
    if leaks and Flag.LEAKS not in (subset or {"without": []})["without"]:
        lines.append(f"{leaks['sentence']} --without leaks compares on the others.")
    found = result["verdict"]
    lines += [found["sentence"], found["standings"]] if found else []
    lines += [family_sentence(Family(found["family"]), found["comparisons"])] if found and found["comparisons"] else []
    lines += [pair["verdict"] for pair in result["pairs"] if pair["family"] == Family.BEST]
    lines += result["missing"].values()
    return "\n".join(line for line in lines if line)


def _cells(run: dict, *, ranked: bool) -> tuple[str, ...]:
    """``ranked``: with its rank, and that with all photos."""
    rank = (rank_text(run["rank"], run["rank_with_all"]),) if ranked else ()
    low, high = run["ci95"] or (None, None)
    paid = run["cost"]["wall_seconds"]
    return (
        *rank,
        run["run"],
        run["name"],
        percent(run["accuracy"]),
        "-" if low is None else f"{percent(low)} to {percent(high)}",
        percent(run["balanced_accuracy"]),
        "-" if run["log_loss"] is None else f"{run['log_loss']:.3f}",
        percent(run["ece"]),
        "-" if paid is None else f"{paid:.1f} s",
        run["standing"] or "-",
    )
