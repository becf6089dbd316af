"""``combine``: which finished runs to combine within a budget of milliseconds and megabytes."""

from argparse import Namespace

from core.advising.combining import advise_combination
from core.advising.ensembles import checked_budget
from core.cli.verbs import Result, Verbs, add_verb, table
from core.output.combinations import combination_json
from core.output.plans import combined_json
from core.text.units import milliseconds, percent, size
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    help_ = "which finished runs of a dataset to combine within a budget, by the validation photos"
    verb = add_verb(verbs, "combine", combine, combine_text, help_)
    verb.add_argument("dataset", metavar="DATASET", help="id, name or name:version")
    verb.add_argument("--most-ms", type=float, metavar="X", help="milliseconds that one photo may take")
    verb.add_argument("--most-mb", type=float, metavar="Y", help="megabytes of the files that predict")
    verb.add_argument("--launch", action="store_true", help="evaluate it on the test photos, as a run")


def combine(options: Namespace) -> Result:
    bench = Workbench.open()
    dataset = bench.registry.dataset(options.dataset)
    budget = checked_budget(options.most_ms, options.most_mb, "--")
    advice = advise_combination(dataset, budget, registry=bench.registry, settings=bench.settings)
    launched = None
    if options.launch and advice.is_combination:
        launched = combined_json(*bench.launch_offer(advice.chosen))
    return combination_json(dataset, advice, bench.registry) | {"launched": launched}, True


def combine_text(result: dict) -> str:
    header = (
        "",
        "validation accuracy",
        "time per photo",
        "size",
        "passed on",
        "only this right",
        "only the single",
        "",
    )
    rows = [
        (
            one["kind"],
            percent(one["accuracy"], (one["ci95_low"], one["ci95_high"])),
            milliseconds(one["milliseconds"]),
            size(one["bytes"]),
            "" if one["passed_on"] is None else percent(one["passed_on"]),
            *_against(one["against_single"]),
            ", ".join(run["name"] for run in one["runs"]),
        )
        for one in result["offers"]
    ]
    lines = [f"{result['name']}:{result['version']}: {result['summary']}", "", table(header, rows), ""]
    lines += [result["rests_on"], *result["notes"]]
    chosen = result["offers"][0]
    known = chosen["evaluated"]
    if known is not None:
        lines.append(f"It is run {known['run']}: {percent(known['accuracy'])} of the test photos.")
    elif result["is_combination"]:
        runs = " ".join(one["run"] for one in chosen["runs"])
        lines.append(f"Evaluate it: python -m core {chosen['kind']} {runs}")
    return "\n".join(lines)


def _against(found: dict | None) -> tuple[str, str]:
    return ("", "") if found is None else (str(found["only_this"]), str(found["only_single"]))
