"""The sentence for every error of the server or of libpq that a user can cause."""

import pytest

from core.errors import InvalidInput, NoSpace, Unavailable
from core.registry.database import ConnectionLost
from core.registry.postgresql_connection import explain, new_engine


@pytest.mark.parametrize(
    ("code", "message", "kind", "told"),
    [
        ("53100", "could not extend file", NoSpace, "The disk of the server of db is full; nothing was changed"),
        ("22003", "bigint out of range", InvalidInput, "up to 18 digits"),
        ("55P03", "canceling statement due to lock timeout", Unavailable, "was held by another program for over 30"),
        ("25006", "cannot execute UPDATE in a read-only transaction", Unavailable, "cannot be written"),
        ("42501", "permission denied for table runs", Unavailable, "cannot be written; give the user"),
        ("53300", "sorry, too many clients already", Unavailable, "has no connection left"),
        ("XX001", "invalid page in block 7", Unavailable, "is damaged; restore a backup"),
        ("58030", "could not read block", Unavailable, "could not be read or written"),
        ("57P01", "terminating connection due to administrator command", ConnectionLost, "unreachable"),
        ("08006", "connection failure", ConnectionLost, "unreachable"),
        ("", "server closed the connection unexpectedly\n\tThis probably means", ConnectionLost, "unreachable"),
        ("", "FATAL:  the database system is starting up", ConnectionLost, "unreachable"),
        ("", "FATAL:  sorry, too many clients already", Unavailable, "has no connection left"),
        ("", 'FATAL:  password authentication failed for user "a"', Unavailable, "refuses the user or the password"),
        ("", 'FATAL:  database "x" does not exist', Unavailable, "make the database first"),
    ],
)
def test_an_error_about_server_rights_or_disk_is_one_sentence(code, message, kind, told):
    error = explain("db", code, message)
    assert type(error) is kind and told in str(error)
    assert "\n" not in str(error)


def test_another_error_is_a_mistake_of_ours():
    assert explain("db", "42703", 'column "flavour" does not exist') is None


def test_the_address_is_checked_before_anything_is_connected():
    with pytest.raises(InvalidInput, match="must be postgresql://user@host/database .*colour"):
        new_engine("postgresql://graft@/x?colour=red")
