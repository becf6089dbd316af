"""Accounts as they are shown."""

from core.people.acting import Role
from core.registry.sessions import SignedIn
from core.registry.users import User
from core.web.people.accounts_panel import connection_of, link_of, session_rows, state_of


def test_a_link_leads_to_where_the_browser_found_the_page(monkeypatch):
    assert link_of("https://host/graft/people", "x") == "https://host/graft/welcome#code=x"
    monkeypatch.setenv("GRAFT_URL", "https://graft.example/")
    assert link_of("http://127.0.0.1:8501/people", "x") == "https://graft.example/welcome#code=x"


def test_the_state_of_an_account():
    user = User(name="anna", role=Role.VIEWER)
    assert "no password" in state_of(user)
    assert "Can sign in" in state_of(User(name="anna", role=Role.VIEWER, password="x"))
    assert "Disabled" in state_of(User(name="anna", role=Role.VIEWER, password="x", disabled=True))


def test_who_signs_in_through_the_provider():
    def told(subject: str | None) -> str:
        return connection_of(User(name="anna", role=Role.VIEWER, subject=subject))

    assert told(None).startswith("Nobody signs in")
    assert "first gets this account" in told("mailto:anna@lab.example")
    assert told("https://sso.example 10*1*").startswith(r"Connected to **10\*1\*** of https")


def test_a_session_shows_no_digest():
    one = SignedIn(
        digest="d" * 64,
        user="anna",
        address="::1",
        agent="Mozilla/5.0 (X11; Linux x86_64; rv:1) Firefox/1",
        created_at=0,
        seen_at=0,
        expires_at=1,
    )
    (row,) = session_rows([one])
    assert (row["Person"], row["Address"], row["Browser"]) == ("anna", "::1", "Firefox on Linux")
    assert "dddd" not in str(row)
