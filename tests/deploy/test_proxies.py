"""Graft behind nginx and Caddy with TLS, at a host of its own and below a path."""

import hashlib
import json
import random
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from core.files.home import registry_file, uploads_folder
from core.people.acting import SERVER, acting_as
from core.registry import Registry
from tests.browser.conftest import (
    FONTS,
    Server,
    Visit,
    fill_home,
    start_server,
    stop_server,
    visit_with,
)
from tests.browser.test_login import PASSWORD, code_of, set_first_password
from tests.deploy.proxies import HOST, Proxy, running
from tests.jobs_home import eventually

BASES = {"at a host of its own": "", "below a path": "/graft"}


@dataclass(frozen=True)
class Site:
    """Graft behind a proxy, with an admin *ada* who is signed in in ``state``.

    Args:
        server: at the address of the proxy. direct: the same at its own.
    """

    proxy: Proxy
    server: Server
    direct: Server
    runs: list[str]
    state: dict


@pytest.fixture(scope="module", params=[f"{proxy}, {base}" for base in BASES for proxy in ("nginx", "caddy")])
def site(request, tmp_path_factory, browser) -> Iterator[Site]:
    kind, _, base = request.param.partition(", ")
    folder = tmp_path_factory.mktemp("deploy")
    runs = fill_home(folder / "home")
    settings = {"GRAFT_LOGIN": "required", "GRAFT_PROXIES": "127.0.0.1", "GRAFT_ALLOWED_HOSTS": HOST}
    with ExitStack() as stack:
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in (settings | {"GRAFT_BASE_PATH": BASES[base]}).items():
            environment.setenv(name, value)
        direct = start_server(folder / "home", folder / "server.log")
        stack.callback(stop_server, direct)
        proxy = stack.enter_context(running(kind, direct.settings.port, BASES[base]))
        server = replace(direct, url=proxy.url)
        yield Site(proxy, server, direct, runs, first_admin(browser, server))


def first_admin(browser, server: Server) -> dict:
    """Sign in by the one-time link; the cookies."""
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(f"{server.url}/welcome#code={code_of(server.log)}")
    set_first_password(page)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def signed_in(browser, site) -> Iterator[BrowserContext]:
    context = browser.new_context(ignore_https_errors=True, storage_state=site.state)
    yield context
    context.close()


@pytest.fixture
def visit(signed_in, site) -> Visit:
    return visit_with(signed_in, site.server)


def cookies_of(site: Site) -> dict[str, str]:
    return {one["name"]: one["value"] for one in site.state["cookies"]}


def sign_in(client: httpx.Client, url: str, password: str, **headers: str) -> httpx.Response:
    form = client.get(f"{url}/login").text
    token = re.search(r'name="token" value="([^"]+)"', form)[1]
    sent = {"token": token, "name": "ada", "password": password, "next": "/"}
    return client.post(f"{url}/login", data=sent, headers=headers, follow_redirects=False)


def addresses(site: Site, kind: str) -> list[str]:
    """Those of the audit log, newest first."""
    registry = Registry.open(registry_file(site.direct.settings))
    try:
        with acting_as(SERVER):
            return [one.detail["address"] for one in registry.log_entries() if one.action == kind]
    finally:
        registry.close()


def test_pages_come_over_a_secure_websocket_with_nothing_from_elsewhere(site, visit):
    sockets, missing = [], []
    visit.page.on("websocket", lambda socket: sockets.append(socket.url))
    visit.page.on("response", lambda answer: answer.status >= 400 and missing.append(answer.url))
    page = visit.open("/runs")
    expect(page.get_by_text("ada, admin")).to_be_visible()
    page.get_by_role("link", name="Datasets").first.click()
    expect(page.get_by_role("heading", name="Datasets").first).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape(f"{site.proxy.url}/datasets")))
    assert sockets and all(url.startswith(site.proxy.url.replace("https", "wss")) for url in sockets)
    assert "Inter" in page.evaluate(FONTS)
    assert [url for url in missing if "_stcore" not in url] == []  # Streamlit tries out where it is
    assert visit.outside == [] and visit.complaints == []


def test_cookies_are_secure_and_out_of_reach_of_scripts(site):
    session = next(one for one in site.state["cookies"] if one["name"].endswith("graft_session"))
    assert session["secure"] and session["httpOnly"] and session["sameSite"] == "Lax"


def test_whoever_is_not_signed_in_is_sent_to_the_sign_in_page_of_the_proxy(site, browser):
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(f"{site.proxy.url}/runs")
    expect(page).to_have_url(f"{site.proxy.url}/login?next=%2Fruns")
    context.close()


def test_http_leads_to_https_and_browsers_are_told_to_stay_there(site):
    with httpx.Client() as plain:
        answer = plain.get(f"http://127.0.0.1:{site.proxy.plain}/runs", headers={"Host": HOST})
        assert answer.status_code in (301, 308) and answer.headers["location"].startswith(f"https://{HOST}")
    with site.proxy.client() as client:
        answer = client.get(f"{site.proxy.url}/login")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")


def test_an_archive_of_several_slices_arrives_whole(site, visit, tmp_path):
    archive = tmp_path / "holiday photos.zip"
    archive.write_bytes(random.Random(0).randbytes(34 * 2**20))
    page = visit.open("/datasets")
    page.get_by_text("Import photos").first.click()
    page.locator('input[type="file"]').first.set_input_files(archive)
    page.get_by_role("button", name="Discard").wait_for(timeout=120_000)
    (stored,) = uploads_folder(site.direct.settings).glob("upload-*/content")
    assert hashlib.sha256(stored.read_bytes()).digest() == hashlib.sha256(archive.read_bytes()).digest()
    page.get_by_role("button", name="Discard").click()
    eventually(lambda: list(uploads_folder(site.direct.settings).glob("upload-*")) == [], "what was uploaded is gone")


def test_tensorboard_shows_a_run(site, visit):
    page = visit.open(f"/board?runs={site.runs[0]}")
    board = page.frame_locator('iframe[title="TensorBoard"]')
    expect(board.get_by_text("accuracy/training").first).to_be_visible(timeout=60_000)
    assert visit.outside == [] and visit.complaints == []


def test_programs_use_rest_mcp_and_metrics_with_a_token(site):
    registry = Registry.open(registry_file(site.direct.settings))
    with acting_as(SERVER):
        _, secret = registry.create_token("a-program", "read")
    registry.close()
    with site.proxy.client(headers={"Authorization": f"Bearer {secret}"}) as client:
        runs = client.get(f"{site.proxy.url}/api/v1/runs").json()
        assert {run["run"] for run in runs["runs"]} == set(site.runs)
        assert "graft_supervisor_up" in client.get(f"{site.proxy.url}/metrics").text
        hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        answer = client.post(
            f"{site.proxy.url}/mcp", json=hello, headers={"Accept": "application/json, text/event-stream"}
        )
        assert answer.status_code == 200 and "list_runs" in answer.text
    with site.proxy.client() as client:
        assert client.get(f"{site.proxy.url}/metrics").status_code == 401
        assert client.get(f"{site.proxy.url}/healthz").json() == {"status": "ok"}


def test_the_address_of_a_client_is_its_own_whatever_it_claims(site):
    with site.proxy.client("127.0.0.2") as client:
        answer = sign_in(client, site.proxy.url, "not the password", **{"X-Forwarded-For": "6.6.6.6"})
        assert answer.status_code == 401
        assert addresses(site, "sign_in_failed")[0] == "127.0.0.2"
        answer = sign_in(client, site.proxy.url, PASSWORD, **{"X-Forwarded-For": "6.6.6.6"})
        assert answer.status_code == 303 and "Secure" in answer.headers["set-cookie"]
        assert addresses(site, "sign_in")[0] == "127.0.0.2"


def test_a_request_has_the_id_that_the_proxy_gave_it_and_not_the_clients(site):
    with site.proxy.client("127.0.0.2") as client:
        sent = {"X-Request-ID": "chosen-by-a-client"}
        name = client.get(f"{site.proxy.url}/login?next=/runs", headers=sent).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name), "of nginx, of Caddy"
    log = site.direct.settings.home / "access.log"
    # a line is written after the answer was sent
    eventually(lambda: name in log.read_text(), "the request is in the access log", timeout=10)
    (line,) = [line for line in map(json.loads, log.read_text().splitlines()) if line["id"] == name]
    assert (line["route"], line["address"], line["status"]) == ("/login", "127.0.0.2", 200)


def test_who_comes_past_the_proxy_is_not_believed(site):
    """From an address that is not the proxy's."""
    base = site.direct.url + site.proxy.url.partition(f":{site.proxy.port}")[2]
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.3")) as client:
        sign_in(client, base, "not the password", **{"X-Forwarded-For": "6.6.6.6"})
        assert addresses(site, "sign_in_failed")[0] == "127.0.0.3"


def test_pages_of_other_origins_open_no_websocket(site):
    url = site.direct.url.replace("http", "ws", 1) + site.proxy.url.partition(f":{site.proxy.port}")[2]
    cookie = "; ".join(f"{name}={value}" for name, value in cookies_of(site).items())
    with pytest.raises(InvalidStatus) as refusal:
        connect(
            f"{url}/_stcore/stream", origin="https://evil.example", additional_headers={"Cookie": cookie}, proxy=None
        )
    assert refusal.value.response.status_code == 403
