"""API: tokens, examples, routes."""

import pytest

from core.registry.tokens import Scope, TokenState
from tests.pages.conftest import first_line, text_of, visit


def click(at, key):
    next(button for button in at.button if button.key == key).click().run()
    return at


def create(at, name="notebook"):
    at.text_input(key="access.name").set_value(name)
    at.number_input(key="access.days").set_value(7)
    return click(at, "access.create")


def test_a_token_is_created_shown_until_it_is_copied_and_works(bench):
    at = create(visit("access"))
    assert not at.exception and not at.error
    assert first_line(at).endswith(" 1 valid access token.")
    secret = next(code.value for code in at.code if code.value.startswith("graft_") and "\n" not in code.value)
    token = bench.registry.find_token(secret)
    assert (token.name, token.scope, token.state()) == ("notebook", Scope.PREDICT, TokenState.VALID)
    click(at, "access.copied")
    assert secret not in text_of(at) + "".join(code.value for code in at.code) and "notebook" in text_of(at)


def test_a_token_is_revoked_after_a_second_click(bench):
    _, secret = bench.registry.create_token("phone", "read")
    at = click(visit("access"), "access.revoke-0")
    assert bench.registry.find_token(secret).state() is TokenState.VALID
    click(at, "access.revoke-0-yes")
    assert bench.registry.find_token(secret).state() is TokenState.REVOKED
    assert "Revoked" in text_of(at) and first_line(at).endswith("There is no valid access token.")


@pytest.mark.parametrize("name", ["", "two words"])
def test_a_name_that_is_none_is_one_sentence(bench, name):
    at = create(visit("access"), name)
    assert len(at.error) == 1 and "Received" in at.error[0].value and bench.registry.tokens() == []


def test_examples_have_the_address_and_a_model_that_exists(bench, filled, finished):
    newest = bench.registry.models()[0].run_id
    codes = [code.value for code in visit("access").code]
    assert any(f"/api/v1/models/{newest}/predict" in code for code in codes)
    bench.set_alias(finished[0])
    codes = [code.value for code in visit("access").code]
    assert any("/api/v1/models/flowers@champion/predict" in code for code in codes)
    assert any("/mcp" in code for code in codes)


def test_every_route_is_listed_with_its_scope(bench):
    at = visit("access")
    (routes,) = [shown.value for shown in at.table]
    rows = {(row["Method"], row["Address"].strip("`")): row["Scope"] for row in routes.to_dict("records")}
    assert rows["POST", "/models/{model}/predict"] == "predict" and rows["DELETE", "/runs/{run}"] == "train"
    assert "openapi.json" in text_of(at)
