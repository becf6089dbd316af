"""Points of docs/security.md (OWASP ASVS 4.0.3) that are about the whole server and have no module of their own."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from core.registry.sessions import session_digest
from core.settings import REPOSITORY
from core.web.server import application
from core.web.server.visits import COOKIE
from tests.core.web.server.conftest import ADDRESS, PASSWORD
from tests.core.web.server.test_accounts import hidden
from tests.factories import make_dataset, make_photos

SOURCES = [*sorted((REPOSITORY / "core").rglob("*.py")), *sorted((REPOSITORY / "pages").glob("*.py"))]


@pytest.fixture
def browser(guarded, accounts) -> TestClient:
    return TestClient(guarded, base_url=ADDRESS, follow_redirects=False)


def calls() -> list[tuple[str, Path, ast.Call]]:
    """(what is called, file, call) in all of Graft's code: ``os.system``, ``eval``."""
    found = []
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                found.append((ast.unparse(node.func), file, node))
    return found


def test_2_1_10_a_password_of_years_ago_still_signs_in(browser, accounts):
    with accounts.writing(least=None) as connection:
        connection.exec_driver_sql("UPDATE users SET created_at = 0")
    token = hidden(browser.get("/login").text)
    answer = browser.post("/login", data=token | {"name": "tom", "password": PASSWORD})
    assert answer.status_code == 303


def test_2_5_2_no_form_asks_for_a_hint_or_a_secret_answer(browser, accounts, client_of):
    pages = [browser.get("/login"), browser.get("/welcome"), client_of("vera").get("/account")]
    pages.append(browser.post("/welcome", data={"code": accounts.new_link("vera")}))
    inputs = r'<(?:input|select|textarea)[^>]* name="([^"]+)"'
    asked = {name for page in pages for name in re.findall(inputs, page.text)}
    assert asked == {"token", "next", "name", "password", "again", "now", "code", "act"}


def test_5_1_1_a_form_counts_its_first_value_and_nothing_of_the_query(browser, accounts):
    token = hidden(browser.get("/login").text)["token"]
    body = f"token={token}&name=tom&name=ada&password={PASSWORD.replace(' ', '+')}&password=x"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = browser.post("/login?name=ada&password=x&next=/board", content=body, headers=kind)
    assert answer.status_code == 303 and answer.headers["location"] == "./"
    assert accounts.signed_in(session_digest(browser.cookies[COOKIE]))[1].name == "tom"


def test_5_1_2_fields_that_a_body_does_not_have_are_refused(guarded, accounts):
    _, secret = accounts.create_token("notebook", "train", owner="tom")
    program = TestClient(guarded, base_url=f"{ADDRESS}/api/v1", headers={"Authorization": f"Bearer {secret}"})
    for path, body in (
        ("/runs", {"dataset": "d-1", "owner": "ada"}),
        ("/datasets", {"path": "/tmp", "owner": "ada"}),
        ("/imports/i-1/answer", {"layout": "a", "state": "done"}),
    ):
        answer = program.post(path, json=body)
        assert answer.status_code == 422 and re.search("owner|state", answer.json()["detail"]), answer.text


def test_5_2_4_nothing_is_evaluated_or_unpickled():
    forbidden = {"eval", "exec", "compile", "pickle.load", "pickle.loads", "joblib.load", "yaml.load", "marshal.loads"}
    found = {(name, file.name) for name, file, _ in calls() if name in forbidden}
    assert found == set()


def test_5_3_8_and_12_3_5_no_command_goes_through_a_shell():
    shells = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "pty.spawn"}
    for name, file, call in calls():
        assert name not in shells, file
        options = {one.arg: ast.unparse(one.value) for one in call.keywords}
        assert options.get("shell", "False") == "False", (file, name)
        if name in ("subprocess.run", "subprocess.Popen", "subprocess.check_output"):
            assert not isinstance(call.args[0], ast.Constant | ast.JoinedStr), (file, "a line for a shell to split")


def test_5_3_6_a_name_cannot_leave_its_json_string(guarded, accounts):
    name = 'a","admin":true,"b":"\u2028</script>'
    dataset = make_dataset(name=name)
    accounts.add_dataset(dataset, make_photos())
    _, secret = accounts.create_token("reader", "read")
    program = TestClient(guarded, base_url=f"{ADDRESS}/api/v1", headers={"Authorization": f"Bearer {secret}"})
    found, missing = program.get(f"/datasets/{dataset.id}"), program.get("/runs", params={"dataset": name + "c"})
    assert found.status_code == 200 and found.json()["name"] == name and "admin" not in found.json()
    assert missing.status_code == 404 and set(missing.json()) == {"type", "title", "status", "detail", "request_id"}
    for answer in (found, missing):
        assert answer.headers["content-type"].endswith("json")


def test_5_5_4_and_8_2_2_our_scripts_evaluate_nothing_and_store_nothing_in_the_browser():
    scripts = [*(REPOSITORY / "core").rglob("*.js"), *SOURCES]
    storing = r"\b(localStorage|sessionStorage|indexedDB|document\.cookie)\b"
    evaluating = r"\beval\(|new Function\(|innerHTML|document\.write"
    keeping = {file.name for file in scripts if re.search(storing, file.read_text())}
    assert keeping == {"frame.js"}, "the look of TensorBoard"
    assert [file for file in scripts if file.suffix == ".js" and re.search(evaluating, file.read_text())] == []


def test_8_2_2_the_cookies_are_that_of_the_session_and_that_of_forms(browser, accounts):
    token = hidden(browser.get("/login").text)
    browser.post("/login", data=token | {"name": "tom", "password": PASSWORD})
    assert {cookie.name for cookie in browser.cookies.jar} <= {COOKIE, "graft_form"}


def test_7_4_1_and_14_3_2_a_page_that_fails_shows_the_type_of_the_error_and_an_id():
    def script() -> None:
        from core.web.server.application import explain_crash

        explain_crash(RuntimeError("a secret of the server"))

    (told,) = AppTest.from_function(script).run(timeout=60).error
    assert "RuntimeError" in told.value and "secret" not in told.value
    assert re.search(r"under [0-9a-f]{16}\.", told.value)


def test_14_4_1_every_answer_with_a_body_names_its_type_and_text_its_charset(client_of):
    admin = client_of("ada")
    for path in paths():
        answer = admin.get(path)
        kind = answer.headers.get("content-type", "")
        if answer.content:
            assert kind, path
            assert "charset=utf-8" in kind or not kind.startswith("text/"), (path, kind)


def test_14_5_3_no_answer_allows_another_origin(client_of):
    admin = client_of("ada")
    for path in paths():
        for method in ("GET", "OPTIONS"):
            headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "GET"}
            answer = admin.request(method, path, headers=headers)
            assert not [name for name in answer.headers if name.startswith("access-control-")], (method, path)


def paths() -> list[str]:
    """Of each of our routes, one."""
    found = []
    for route in Starlette(routes=application.ROUTES).routes:
        assert isinstance(route, Route | Mount)
        path = re.sub(r"\{[^}]*\}", "x", route.path)
        found.append(f"{path}/x" if isinstance(route, Mount) else path)
    return found


def test_the_counts_of_the_review_are_those_of_its_table():
    text = (REPOSITORY / "docs" / "security.md").read_text()
    found: Counter[str] = Counter()
    for first, last, state in re.findall(r"^\| ([\d.]+)(?: to [\d.]*?(\d+))? \| [^|]* \| ([^|]*) \|", text, re.M):
        found[state] += int(last) - int(first.rpartition(".")[2]) + 1 if last else 1
    told = [int(number) for number in re.findall(r"(\d+) (?:met|not met|do not apply)\b", text.partition("## V2")[0])]
    assert told == [found[state] for state in ("met", "met, not tested", "not met", "does not apply")]
    assert sum(found.values()) == 128
