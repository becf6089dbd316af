"""Tokens as JSON, without their digests: ``core tokens``."""

from collections.abc import Sequence

from core.registry.tokens import AccessToken


def token_row(token: AccessToken) -> dict:
    """A token in a list."""
    times = {name: getattr(token, name) for name in ("created_at", "expires_at", "revoked_at", "used_at")}
    return {"name": token.name, "scope": str(token.scope), "state": str(token.state()), "owner": token.owner} | times


def tokens_json(tokens: Sequence[AccessToken]) -> dict:
    """All tokens."""
    return {"tokens": [token_row(token) for token in tokens]}


def created_json(token: AccessToken, secret: str) -> dict:
    """A new token with its secret, which is never shown again."""
    return token_row(token) | {"token": secret}
