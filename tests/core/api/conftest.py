"""The API of a home with eight runs, asked as a program asks it."""

import shutil

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.api.mounting import api_routes
from core.datasets.decoding.fit import Fit
from core.explaining.process import ExplainingProcess
from core.explaining.protocol import answer_of, arguments_of
from core.explaining.values import ExplainerAnswer, HeatMap, MemberExplanation
from core.files.home import run_folder, runs_folder, uploads_folder
from core.jobs import background_imports
from core.workbench import Workbench
from tests.fake_engine import a_model, use_fake_engines

HOST = "http://127.0.0.1:8501"


@pytest.fixture
def app(bench: Workbench) -> Starlette:
    uploads_folder(bench.settings).mkdir(parents=True, exist_ok=True)
    return Starlette(routes=api_routes(lambda: bench))


@pytest.fixture
def client_of(app, bench: Workbench):
    """A client with a new token of a scope; without a token for None."""

    def client_of(scope: str | None) -> TestClient:
        client = TestClient(app, base_url=f"{HOST}/api/v1", raise_server_exceptions=False)
        if scope is not None:
            _, secret = bench.registry.create_token(f"{scope}-{len(bench.registry.tokens())}", scope)
            client.headers["Authorization"] = f"Bearer {secret}"
        return client

    return client_of


@pytest.fixture
def reader(client_of) -> TestClient:
    return client_of("read")


@pytest.fixture
def trainer(client_of) -> TestClient:
    return client_of("train")


@pytest.fixture
def printed(call):
    """What a command prints with ``--json``, as a value."""
    return lambda *arguments: call(*arguments)


@pytest.fixture
def predicting(filled, finished, settings, monkeypatch) -> str:
    """A finished run whose model answers with arithmetic; its classes are dark and light."""
    use_fake_engines(monkeypatch)
    shutil.rmtree(run_folder(settings, finished[0]).model)
    a_model(runs_folder(settings), finished[0])
    return finished[0]


@pytest.fixture
def explaining(monkeypatch) -> None:
    """Heat maps are made up: two of the first class, or of the one that is asked for."""
    heat = HeatMap(title="", values=np.eye(2, dtype=np.float32), fit=Fit.SQUASH)
    member = MemberExplanation(run_id="r-1", title="Lite0", probability=0.9, predicted="dark", maps=(heat, heat))

    def ask(self, request, stage):
        label = arguments_of(request)[-1] or 0
        return answer_of(ExplainerAnswer(label=label, probability=0.75, predicted=0, members=(member,)))

    monkeypatch.setattr(ExplainingProcess, "ask", ask)


@pytest.fixture
def quiet(monkeypatch) -> None:
    """No supervisor is started."""
    monkeypatch.setattr("core.jobs.ensure_supervisor", lambda settings: None)


@pytest.fixture
def imports_now(settings, monkeypatch) -> None:
    """An import runs at once instead of in a process of its own."""

    def start(module, folder, settings, alive, environment=None) -> None:
        background_imports._background(folder.job_id, settings)

    monkeypatch.setattr(background_imports, "start_process", start)
