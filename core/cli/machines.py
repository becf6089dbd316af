"""``machines``: where runs train."""

from argparse import Namespace

from core.cli.verbs import Result, Verbs, add_verb, table
from core.errors import InvalidInput
from core.output.machines import machines_json
from core.text.units import count, moment, size
from core.workbench import Workbench

ACTIONS = ("list", "check")


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "machines", machines, machines_text, "machines, their slots, and what trains in each")
    verb.add_argument("action", nargs="?", choices=ACTIONS, default="list")
    verb.add_argument("name", nargs="?", metavar="NAME", help="of the machine of a cluster to ask again")


def machines(options: Namespace) -> Result:
    bench = Workbench.open()
    if options.action == "list":
        return machines_json(bench.machines()), True
    if not options.name:
        raise InvalidInput("Name a machine: python -m core machines check NAME")
    bench.ask_machine_again(options.name)
    return {"asked": options.name}, True


def machines_text(result: dict) -> str:
    if "asked" in result:
        return f"The supervisor asks {result['asked']} again as soon as it looks at the cluster."
    lines = [result["problem"]] if result["problem"] else []
    rows = [row for machine in result["machines"] for row in _rows(machine)]
    lines.append(table(("machine", "slot", "run", "machine has", "seen (UTC)"), rows) if rows else "No machine yet.")
    lines += [f"{machine['name']}: {machine['problem']}" for machine in result["machines"] if machine["problem"]]
    lines.append(f"Supervisor: {result['supervisor'] or 'none; it starts with the next run'}")
    return "\n".join(lines)


def _rows(machine: dict) -> list[tuple[str, ...]]:
    facts = machine["facts"] or {}
    has = f"{count(facts['cpus'], 'CPU')}, {size(facts['memory_bytes'])}" if facts.get("cpus") else "-"
    seen = moment(machine["seen_at"]) if machine["seen_at"] else "now"
    slots = [(slot["title"], slot["run"] or "free") for slot in machine["slots"]] or [("none", "-")]
    if not machine["can_train"]:
        slots = [(title, "cannot train" if run == "free" else run) for title, run in slots]
    return [(machine["name"], title, run, has, seen) for title, run in slots]
