"""Routes of the installation: backbones, machines, the queue, forecasts, and checks."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from core.api import response_types, verbs
from core.api.responses import BackboneRef, Bench, FiniteJSON, told
from core.output.backbones import backbone_json, backbones_json
from core.output.forecasts import forecasts_json
from core.output.machines import machines_json
from core.output.queue import queue_json

router = APIRouter()


@router.get("/backbones", tags=["backbones"], **told(response_types.BackboneList))
def list_backbones(bench: Bench) -> Response:
    """The backbones that can be trained, as `core backbones`."""
    return FiniteJSON(backbones_json(bench))


@router.get("/backbones/{backbone}", tags=["backbones"], **told(response_types.BackboneDetails))
def get_backbone(bench: Bench, backbone: BackboneRef) -> Response:
    """One backbone, as `core backbones show`."""
    return FiniteJSON(backbone_json(bench, bench.backbone(backbone)))


@router.get("/machines", tags=["server"], **told(response_types.MachineList))
def list_machines(bench: Bench) -> Response:
    """The machines, their slots, and what trains in each, as `core machines`."""
    return FiniteJSON(machines_json(bench.machines()))


@router.get("/forecasts", tags=["server"], **told(response_types.ForecastList))
def list_forecasts(
    bench: Bench, limit: Annotated[int, Query(ge=0, le=200, description="Forecasts, at most.")] = 20
) -> Response:
    """What was expected of runs and what they took, as `core forecasts`."""
    return FiniteJSON(forecasts_json(bench, limit))


@router.get("/queue", tags=["server"], **told(response_types.QueueState))
def get_queue(bench: Bench) -> Response:
    """What runs and what waits, as `core queue`."""
    return FiniteJSON(queue_json(bench))


@router.get("/health", tags=["server"], **told(response_types.HealthChecks))
def get_health(bench: Bench) -> Response:
    """Checks of the installation and the home, as `core doctor`."""
    return FiniteJSON(verbs.health(bench))
