"""Codes of a second factor: by time (TOTP, RFC 6238, as authenticator apps make them), and those for recovery."""

import re
import secrets
from base64 import b32encode
from hashlib import sha256

STEP_SECONDS = 30
TOLERATED_STEPS = 1
"""Before and after the present one, for clocks that differ."""
RECOVERY_CODES = 8
_RECOVERY_BYTES = 15
"""120 bits: ASVS 2.6.2 asks for 112, of which a plain SHA-256 may be stored. They are 24 letters and digits."""
_ISSUER = "Graft"


def new_secret() -> str:
    """The secret of an authenticator app: 160 bits in base32, as RFC 4226 recommends."""
    import pyotp  # only needed where there is a login

    return pyotp.random_base32(32)


def app_address(secret: str, name: str, host: str) -> str:
    """What the QR code says: ``otpauth://totp/...``.

    Args:
        name: of the account. host: where Graft is found, so that an app can tell two of them apart.
    """
    import pyotp

    return str(pyotp.TOTP(secret).provisioning_uri(name=f"{name}@{host}" if host else name, issuer_name=_ISSUER))


def step_of(secret: str, code: str, now: float) -> int | None:
    """Which step of 30 seconds the code is of, the newest first; None where it is of none that is tolerated."""
    import pyotp

    digits = re.sub(r"[\s-]", "", code)
    if not (digits.isascii() and digits.isdecimal() and len(digits) == 6):
        return None
    present = int(now) // STEP_SECONDS
    steps = range(present + TOLERATED_STEPS, present - TOLERATED_STEPS - 1, -1)
    expected = [(step, pyotp.TOTP(secret).generate_otp(step)) for step in steps]
    found = [step for step, one in expected if secrets.compare_digest(one, digits)]  # all are compared
    return found[0] if found else None


def new_recovery_codes() -> list[str]:
    """Codes of which each is used once: ``ABCD-EFGH-IJKL-MNOP-QRST-UVWX``."""
    codes = [b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    return ["-".join(re.findall("....", code)) for code in codes]


def recovery_digest(code: str) -> str:
    """SHA-256 of a recovery code, hexadecimal, however it was typed."""
    plain = re.sub(r"[^A-Z2-7]", "", code.upper())
    return sha256(plain.encode()).hexdigest()
