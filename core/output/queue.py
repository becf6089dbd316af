"""What runs and what waits as JSON: ``core queue``, REST and MCP."""

from core import jobs
from core.output.runs import run_row, waiting_rows
from core.runs.values import Status
from core.workbench import Workbench


def queue_json(workbench: Workbench) -> dict:
    """The supervisor, why no waiting run starts, the runs that run, and those that wait, the next one first."""
    status = jobs.supervisor_status(workbench.settings)
    running = workbench.registry.runs(status=Status.RUNNING)
    return {
        "supervisor": {
            "running": status.running,
            "slots": list(status.slots),
            "started_at": status.started_at,
            "elsewhere": status.elsewhere,
        },
        "paused": jobs.why_paused(workbench.settings),
        "running": [run_row(run) for run in running],
        "waiting": waiting_rows(workbench, workbench.registry.queue()),
    }
