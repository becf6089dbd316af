"""Codes by time, with the test values of RFC 6238 (appendix B, SHA-1, the last six digits), and recovery codes."""

from base64 import b32encode

import pytest

from core.people.one_time_codes import (
    RECOVERY_CODES,
    app_address,
    new_recovery_codes,
    new_secret,
    recovery_digest,
    step_of,
)

SECRET = b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("now", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_are_those_of_the_standard(now, code):
    assert step_of(SECRET, code, now) == now // 30
    assert step_of(SECRET, f" {code[:3]} {code[3:]} ", now) == now // 30


@pytest.mark.parametrize(("later", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_differ_by_one_step(later, accepted):
    assert step_of(SECRET, "050471", 1111111111 + later) == (1111111111 // 30 if accepted else None)


@pytest.mark.parametrize("code", ["", "050472", "05047", "0504711", "٠٥٠٤٧١", "abcdef", "-50471", "０５０４７１"])
def test_anything_else_is_no_code(code):
    assert step_of(SECRET, code, 1111111111) is None


def test_a_secret_has_160_bits_and_reaches_the_app_with_the_name_of_the_account():
    first, second = new_secret(), new_secret()
    assert first != second and len(first) == 32
    assert app_address(first, "anna", "graft.lab") == (
        f"otpauth://totp/Graft:anna%40graft.lab?secret={first}&issuer=Graft"
    )


def test_recovery_codes_differ_and_are_found_however_they_are_typed():
    codes = new_recovery_codes()
    assert len({recovery_digest(one) for one in codes}) == RECOVERY_CODES == 8
    assert all(len(one.replace("-", "")) == 24 for one in codes)
    assert recovery_digest(codes[0].lower().replace("-", " ")) == recovery_digest(codes[0])
