"""``speed``: measures this machine, so that the first estimates rest on something."""

from argparse import Namespace

from core.cli.verbs import Result, Verbs, add_verb
from core.jobs.speed_trial import measured_speed
from core.output.forecasts import speed_json
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    add_verb(verbs, "speed", speed, speed_text, "measure this machine with a trial run of at most a minute")


def speed(options: Namespace) -> Result:
    bench = Workbench.open()
    return speed_json(measured_speed(bench.settings, bench.registry)), True


def speed_text(result: dict) -> str:
    return str(result["sentence"])
