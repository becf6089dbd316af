"""``users`` and ``audit``: who may sign in, and who did what."""

import json
from argparse import Namespace

from core.cli.verbs import Result, Verbs, add_verb, table
from core.errors import InvalidInput
from core.jobs.quota import quota_uses
from core.output.users import audit_json, deleted_json, link_json, session_row, user_row, users_json
from core.people.acting import Role
from core.people.openid import subject_key
from core.registry.links import path_of
from core.registry.users import User
from core.settings import load_settings
from core.text.units import moment, size
from core.workbench import Workbench

ACTIONS = ("list", "add", "role", "openid", "disable", "enable", "link", "end", "reset-factor", "delete")
SUBJECT = "subject:"
"""Before the subject of a person at the OpenID provider; an e-mail address has nothing before it."""


def add_verbs(verbs: Verbs) -> None:
    help_ = "accounts: list, add, role, openid, disable, enable, link (to set a password), end (sessions), "
    help_ += "reset-factor, delete"
    verb = add_verb(verbs, "users", users, users_text, help_)
    verb.add_argument("action", nargs="?", choices=ACTIONS, default="list")
    verb.add_argument("name", nargs="?", metavar="NAME", help="of the account; with end also the id of a session")
    help_ = f"the new role: {', '.join(Role)}; with openid an e-mail address, {SUBJECT}ID, or none"
    verb.add_argument("role", nargs="?", metavar="ROLE|PERSON", help=help_)
    verb.add_argument(
        "--role", dest="first_role", choices=[str(role) for role in Role], default=Role.VIEWER, help="of a new account"
    )
    verb.add_argument("--to", default="", metavar="NAME", help="with delete: the account that gets what it owns")
    verb = add_verb(verbs, "audit", audit, audit_text, "who launched, deleted, exported, signed in, and when")
    verb.add_argument("--limit", type=int, default=100, metavar="N", help="the newest N entries, default: 100")
    verb.add_argument("--who", default="", metavar="NAME", help="only of this account, with or without a token")


def users(options: Namespace) -> Result:
    workbench = Workbench.open()
    registry, settings = workbench.registry, workbench.settings
    if options.action == "list":
        uses = quota_uses(settings, registry)
        return users_json(registry.users(), registry.sessions(), uses, settings.user_limit_bytes), True
    if not options.name:
        raise InvalidInput(f"Name an account: python -m core users {options.action} NAME")
    if options.action == "role":
        if not options.role:
            raise InvalidInput(f"Name the role ({', '.join(Role)}): python -m core users role {options.name} ROLE")
        return user_row(registry.set_role(options.name, options.role)), True
    if options.action == "openid":
        if not options.role:
            raise InvalidInput(f"Name the person: python -m core users openid {options.name} E-MAIL|{SUBJECT}ID|none")
        return user_row(registry.connect_account(options.name, _person(options.role))), True
    if options.action in ("disable", "enable"):
        return user_row(registry.disable_user(options.name, options.action == "disable")), True
    if options.action == "delete":
        name, heir = (registry.user(one).name if one else "" for one in (options.name, options.to))
        return deleted_json(name, registry.delete_user(name, heir), heir), True
    if options.action == "reset-factor":
        return user_row(registry.reset_second_factor(options.name)), True
    if options.action == "end":
        return _ended(options.name), True
    add = options.action == "add"
    user = registry.add_user(options.name, options.first_role) if add else registry.user(options.name)
    return _linked(user), True


def _person(word: str) -> str:
    """As ``Subjects.connect_account`` wants it."""
    if word == "none":
        return ""
    if not word.startswith(SUBJECT):
        return word
    provider = load_settings().openid
    if provider is None:
        raise InvalidInput("A subject is only unique at its provider, and none is set: GRAFT_OIDC_ISSUER.")
    return subject_key(provider.issuer, word.removeprefix(SUBJECT))


def _ended(name: str) -> dict:
    registry = Workbench.open().registry
    names = {user.name for user in registry.users()}
    ended = registry.sessions(name) if name in names else [registry.end_session(name)]
    if name in names:
        registry.end_sessions(name)
    return {"ended": [session_row(one) for one in ended]}


def _linked(user: User) -> dict:
    from core.web.server.address import dashboard_url, listening_address  # only needed here
    from core.web.server.serve import asked_base_path

    settings = load_settings()
    address = settings.url or dashboard_url(listening_address(), settings.port, asked_base_path())
    return link_json(user, address + path_of(Workbench.open().registry.new_link(user.name)))


def users_text(result: dict) -> str:
    if "link" in result:
        return (
            f"{result['link']}\n"
            f"Give this link to {result['name']} ({result['role']}): it sets the password, once, within "
            f"{result['link_hours']} hours. It is shown only now."
        )
    if "deleted" in result:
        got = f" {result['heir']} has its {result['owned']}." if result["heir"] else ""
        return f"The account {result['deleted']} was deleted.{got} Its entries in the audit log stay."
    if "ended" in result:
        return f"Sessions ended: {len(result['ended'])}."
    if "users" not in result:
        return f"{result['name']}: {result['role']}, {_state(result)}."
    if not result["users"]:
        return "There are no accounts. Add one: python -m core users add NAME --role admin"
    rows = [
        (row["name"], row["role"], _state(row), size(row["stored"]["bytes"]), moment(row["created_at"]))
        for row in result["users"]
    ]
    text = table(("name", "role", "state", "stored", "created (UTC)"), rows)
    if result["quota_bytes"]:
        text += f"\nEach may store {size(result['quota_bytes'])} (GRAFT_USER_GB)."
    seen = [(one["id"], one["user"], one["address"], moment(one["seen_at"])) for one in result["sessions"]]
    return text + ("\n\n" + table(("session", "user", "address", "last used (UTC)"), seen) if seen else "")


def _state(row: dict) -> str:
    if row["disabled"]:
        return "disabled"
    if not row["can_sign_in"]:
        return "has no password yet"
    return "enabled, with a second factor" if row["second_factor"] else "enabled"


def audit(options: Namespace) -> Result:
    if options.limit < 1:
        raise InvalidInput(f"--limit must be at least 1. Received: {options.limit}")
    return audit_json(Workbench.open().registry.log_entries(options.limit, who=options.who)), True


def audit_text(result: dict) -> str:
    if not result["entries"]:
        return "Nothing was done yet."
    rows = [(moment(one["at"]), one["who"], one["action"], json.dumps(one["detail"])) for one in result["entries"]]
    return table(("at (UTC)", "who", "action", "detail"), rows)
