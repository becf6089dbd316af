"""Who visits: whether a login is needed, the cookie of a session, and the person behind a page."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import Forbidden
from core.people.acting import NOBODY, Person, acting, ask
from core.registry import Registry
from core.registry.sessions import SignedIn, session_digest
from core.registry.users import User
from core.settings import Login, load_settings
from core.web.server.address import is_loopback, listening_address
from core.web.server.state import process_singleton, workbench

COOKIE = "graft_session"
"""Name of the cookie of a session where Graft is not found by https; see ``session_cookie``."""
KEEP_SECONDS = 2.0
"""For so long a session is not looked up again: after that, ends and new roles are seen by every process."""
RECENT_SECONDS = 900.0
"""So long after a sign-in accounts can be changed on the page People."""
_MOST = 10_000


def login_required() -> bool:
    """Whether whoever comes must sign in: see ``core.settings.Login``.

    Raises:
        InvalidInput: the settings contradict each other.
    """
    login = load_settings().login
    return login is Login.REQUIRED or not is_loopback(listening_address())


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A session that is open, and its account.

    Args:
        lacks_factor: a second factor must be set up before anything else (``GRAFT_SECOND_FACTOR``).
    """

    session: SignedIn
    user: User
    lacks_factor: bool = False

    @property
    def person(self) -> Person:
        return self.user.person()

    @property
    def is_recent(self) -> bool:
        """Whether the sign-in is recent enough to change accounts (ASVS 3.7.1)."""
        return time.time() - self.session.created_at <= RECENT_SECONDS


class Visits:
    """The sessions this process has seen."""

    def __init__(self, registry: Callable[[], Registry]) -> None:
        self._registry = registry
        self._found: OrderedDict[str, tuple[float, Visit | None]] = OrderedDict()

    def fresh(self, secret: str) -> tuple[Visit | None] | None:
        """What was found for a cookie a moment ago; None where it must be looked up."""
        found = self._found.get(session_digest(secret))
        return (found[1],) if found and time.monotonic() - found[0] < KEEP_SECONDS else None

    def of(self, secret: str) -> Visit | None:
        """The visit of a cookie; None where its session is over, or never was."""
        fresh = self.fresh(secret)
        if fresh is not None:
            return fresh[0]
        digest, now = session_digest(secret), time.monotonic()
        found = self._registry().signed_in(digest)
        visit = None if found is None else _visit(*found)
        if visit is not None:
            self._registry().session_was_used(visit.session)
        self._found[digest] = now, visit
        while len(self._found) > _MOST:
            self._found.popitem(last=False)
        return visit

    def forget(self) -> None:
        """Look all sessions up again."""
        self._found.clear()


def _visit(session: SignedIn, user: User) -> Visit:
    lacks_factor = session.lacks_factor(user, load_settings().second_factor.roles)
    return Visit(session=session, user=user, lacks_factor=lacks_factor)


def visits() -> Visits:
    """Those of this process."""
    return process_singleton(f"visits {load_settings().home}", lambda: Visits(lambda: workbench().registry))


def session_cookie() -> str:
    """The name of the cookie of a session; under https one that no other host of the domain can set (ASVS 3.4.4)."""
    return f"__Host-{COOKIE}" if load_settings().url.startswith("https://") else COOKIE


def cookie_of(headers: Headers, name: str = "") -> str:
    """The value of a cookie of a request, that of the session by default; "" without one."""
    return cookie_parser(headers.get("cookie", "")).get(name or session_cookie(), "")


def form_token(secret: str) -> str:
    """What a form sends along with the cookie ``secret``, which another site can make a browser send, but not read."""
    return sha256(f"form:{secret}".encode()).hexdigest()


# --- the person behind a page ---


def ask_visitors() -> None:
    """From now on, who acts in this process is the visitor in whose script thread it is asked, or nobody."""
    ask(person_of_page)


def person_of_page() -> Person:
    """The person whose browser runs this script, callback or fragment; ``NOBODY`` elsewhere."""
    visit = _visit_of_page()
    return NOBODY if visit is None or visit.lacks_factor else visit.person


def require_recent_sign_in() -> None:
    """For changes of accounts (ASVS 3.7.1): a browser that was left open, or a stolen cookie, is not enough.

    Raises:
        Forbidden: the session of this page began more than ``RECENT_SECONDS`` ago.
    """
    visit = _visit_of_page() if acting().name else None  # without a login nobody has a name
    if visit is not None and not visit.is_recent:
        raise Forbidden(
            f"You signed in more than {RECENT_SECONDS / 60:.0f} minutes ago. Sign in again to change accounts; nothing "
            "was changed."
        )


def _visit_of_page() -> Visit | None:
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return None
    client = runtime.get_instance().get_client(context.session_id)
    cookies = _cookies()
    if client is not None and client.client_context is not None:
        cookies[context.session_id] = client.client_context.cookies.get(session_cookie(), "")
        while len(cookies) > _MOST:
            cookies.popitem(last=False)
    # A script goes on for a while when its connection is lost: what it was asked for is then completed.
    return visits().of(cookies.get(context.session_id, ""))


@cache
def _cookies() -> OrderedDict[str, str]:
    """The cookie of each of Streamlit's sessions, from its newest connection."""
    return OrderedDict()
