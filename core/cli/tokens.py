"""``tokens``: what programs show to use REST and MCP."""

from argparse import Namespace

from core.cli.verbs import Result, Verbs, add_verb, table
from core.errors import InvalidInput
from core.output.tokens import created_json, token_row, tokens_json
from core.registry.tokens import DAYS, Scope
from core.text.units import moment
from core.workbench import Workbench

ACTIONS = ("create", "list", "revoke")


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "tokens", tokens, tokens_text, "tokens of programs that use the API: create, list or revoke")
    verb.add_argument("action", nargs="?", choices=ACTIONS, default="list")
    verb.add_argument("name", nargs="?", metavar="NAME", help="of the token to create or revoke")
    verb.add_argument(
        "--scope", choices=[str(scope) for scope in Scope], default=Scope.READ, help="each includes the ones before it"
    )
    verb.add_argument("--user", default=None, metavar="NAME", help="whose token it is; it never exceeds that role")
    verb.add_argument("--days", type=float, default=DAYS, metavar="N", help=f"until it expires, default: {DAYS}")


def tokens(options: Namespace) -> Result:
    registry = Workbench.open().registry
    if options.action == "list":
        return tokens_json(registry.tokens()), True
    if not options.name:
        raise InvalidInput(f"Name a token: python -m core tokens {options.action} NAME")
    if options.action == "revoke":
        return token_row(registry.revoke_token(options.name)), True
    return created_json(*registry.create_token(options.name, options.scope, options.days, owner=options.user)), True


def tokens_text(result: dict) -> str:
    if "token" in result:
        return (
            f"{result['token']}\n"
            f"The token {result['name']!r} (scope {result['scope']}) is shown only now; it expires "
            f"{moment(result['expires_at'])} UTC."
        )
    if "tokens" not in result:
        return f"The token {result['name']!r} is revoked; requests with it are refused within 2 seconds."
    if not result["tokens"]:
        return "There are no tokens. Create one: python -m core tokens create NAME --scope predict"
    rows = [
        (row["name"], row["scope"], row["state"], moment(row["expires_at"]), _used(row["used_at"]))
        for row in result["tokens"]
    ]
    return table(("name", "scope", "state", "expires (UTC)", "last used (UTC)"), rows)


def _used(at: float | None) -> str:
    return "never" if at is None else moment(at)
