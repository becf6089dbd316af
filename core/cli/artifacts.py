"""``artifacts``: what the store has, what is only on this machine, and the repair of damaged blobs."""

from argparse import Namespace

from core.artifacts.repair import repair
from core.artifacts.upkeep import keep_up
from core.cli.verbs import Result, Verbs, add_verb, table
from core.errors import InvalidInput
from core.text.units import amount, count, size
from core.workbench import Workbench
from core.workbench.artifacts import stored_artifacts


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "artifacts", artifacts, artifacts_text, "what machines share: what the store has and lacks")
    verb.add_argument("--publish", action="store_true", help="publish what is only on this machine")
    verb.add_argument("--repair", action="store_true", help="put again what the store lost, from this machine's files")


def artifacts(options: Namespace) -> Result:
    bench = Workbench.open()
    if not bench.settings.artifacts:
        raise InvalidInput(
            "There is no store of artifacts: GRAFT_ARTIFACTS is home. Set it to file:///folder or s3://bucket."
        )
    done: dict = {}
    if options.publish:
        done["published"] = keep_up(bench.settings, bench.registry).published
    if options.repair:
        found = repair(bench.settings, bench.registry)
        done |= {"checked": found.checked, "repaired": found.repaired}
    return stored_artifacts(bench.settings, bench.registry) | done, True


def artifacts_text(result: dict) -> str:
    lines = [f"Store: {result['store']}"]
    if "published" in result:
        lines.append(f"{count(result['published'], 'artifact')} published.")
    if "repaired" in result:
        lines.append(f"{count(result['checked'], 'blob')} compared, {amount(result['repaired'])} put again.")
    rows = [(row["kind"], amount(row["artifacts"]), size(row["bytes"])) for row in result["kinds"]]
    lines.append(table(("kind", "artifacts", "size"), rows) if rows else "Nothing is published.")
    if result["only_here"]:
        lines.append(f"Only on this machine: {count(len(result['only_here']), 'artifact')} (--publish).")
    if result["to_delete"]:
        lines.append(f"Not needed any more and still to be deleted: {count(result['to_delete'], 'blob')} (--publish).")
    return "\n".join(lines)
