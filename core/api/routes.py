"""All routes of REST: each calls one verb and returns what the command line prints."""

from fastapi import APIRouter

from core.api import dataset_routes, import_routes, label_routes, model_routes, run_routes, server_routes

_SUBJECTS = (dataset_routes, label_routes, import_routes, run_routes, model_routes, server_routes)

router = APIRouter(routes=[route for subject in _SUBJECTS for route in subject.router.routes])
