"""Tokens as JSON."""

from core.output.tokens import created_json, tokens_json
from core.registry import Registry


def test_the_secret_is_in_the_answer_to_its_creation_only(registry: Registry):
    token, secret = registry.create_token("laptop", "read")
    assert created_json(token, secret)["token"] == secret
    (row,) = tokens_json(registry.tokens())["tokens"]
    assert (row["name"], row["scope"], row["state"], row["used_at"]) == ("laptop", "read", "valid", None)
    assert secret not in str(row) and token.digest not in str(row)
