"""``stop``, ``doctor`` and ``run``."""

import os
import signal
import sys
from argparse import Namespace
from contextlib import nullcontext, redirect_stdout

from core import jobs
from core.cli.verbs import Result, Verbs, add_verb
from core.errors import NoSpace, Unavailable
from core.output.health import checks_json
from core.settings import load_settings
from core.text.units import count
from core.workbench import Workbench
from core.workbench.health import examine
from core.workbench.mending import mend
from core.workbench.rebuild import rebuild


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "stop", stop, stop_text, "stop the supervisor; running training continues")
    verb.add_argument("--now", action="store_true", help="also stop running training; it resumes at the next start")
    verb = add_verb(verbs, "doctor", doctor, doctor_text, "check the installation and the home")
    help_ = "where registry.db was lost: begin a new one with the datasets on the disk"
    verb.add_argument("--rebuild", action="store_true", help=help_)
    help_ = "remove what belongs to nothing, and say each thing that was done; without it, it is only listed"
    verb.add_argument("--repair", action="store_true", help=help_)
    verb = add_verb(verbs, "run", run_dashboard, nothing_text, "start the dashboard and the supervisor")
    verb.add_argument("--base-path", metavar="PATH", help="serve below this path: /graft (default: GRAFT_BASE_PATH)")


def stop(options: Namespace) -> Result:
    return {"stopped": jobs.stop_supervisor(load_settings(), now=options.now)}, True


def stop_text(result: dict) -> str:
    return "The supervisor was stopped." if result["stopped"] else "No supervisor was running."


def doctor(options: Namespace) -> Result:
    settings = load_settings()
    rebuilt = rebuild(settings) if options.rebuild else None
    repaired: list[str] | None = None
    try:
        registry = Workbench.open(settings).registry
        repaired = mend(settings, registry) if options.repair else None
        checks = examine(settings, registry)
    except (Unavailable, NoSpace) as error:  # doctor must also work when the home cannot be opened
        checks = examine(settings, None, str(error))
    bad = [check.name for check in checks if not check.good]
    if bad:
        print(f"Not in order: {', '.join(bad)}.", file=sys.stderr)
    result: dict = checks_json(checks)
    if repaired is not None:
        result["repaired"] = repaired
    if rebuilt:
        aside = str(rebuilt.aside) if rebuilt.aside else None
        result["rebuilt"] = {"datasets": rebuilt.datasets, "runs": rebuilt.runs, "aside": aside}
    return result, all(check.good for check in checks)


def doctor_text(result: dict) -> str:
    lines = [_rebuilt_text(result["rebuilt"])] if "rebuilt" in result else []
    if "repaired" in result:
        lines += result["repaired"] or ["Nothing was to be repaired."]
    lines += [
        f"{'ok ' if check['good'] else 'BAD'}  {check['name']}: {check['found']}"
        + ("" if check["good"] else f" -> {check['advice']}")
        for check in result["checks"]
    ]
    return "\n".join(lines)


def _rebuilt_text(rebuilt: dict) -> str:
    aside = f", the folders of {count(rebuilt['runs'], 'run')} are in {rebuilt['aside']}" if rebuilt["aside"] else ""
    return f"A new registry was begun: {count(rebuilt['datasets'], 'dataset')} registered again{aside}."


def run_dashboard(options: Namespace) -> Result:
    from core.web.server.address import dashboard_url  # only needed here
    from core.web.server.serve import (
        BASE_PATH,
        asked_address,
        asked_base_path,
        refuse_taken_port,
        serve,
    )

    if options.base_path is not None:
        os.environ[BASE_PATH] = options.base_path
    settings, base = load_settings(), asked_base_path()  # before the current folder changes
    address, port = asked_address(), settings.port
    workbench = Workbench.open(settings)
    refuse_taken_port(address, port)  # before stopping a supervisor that belongs to the dashboard on that port
    jobs.ensure_supervisor(workbench.settings)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, so that no idle supervisor is left behind
    try:
        with redirect_stdout(sys.stderr) if options.json else nullcontext():
            serve(workbench.settings)
    finally:
        ended = all(run.status.ended for run in workbench.registry.runs())
        if ended and not jobs.supervisor_status(workbench.settings).elsewhere:
            jobs.stop_supervisor(workbench.settings)
    return {"address": dashboard_url(address, port, base)}, True


def nothing_text(result: dict) -> str:
    return ""
