"""The HTML of signing in, setting a password, and one's account. Every value is escaped; the script is a file."""

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

_FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Graft</title>
<link rel="icon" href="assets/icon.png">
<link rel="stylesheet" href="assets/login.css">
<script src="assets/login.js" defer></script>
</head>
<body>
<main>
<p class="brand"><img src="assets/icon.png" alt="" width="48" height="48">Graft</p>
<h1>{title}</h1>
{told}{body}
</main>
</body>
</html>
"""


def page(title: str, body: str, *, error: str = "", done: str = "") -> str:
    """A whole page.

    Args:
        body: HTML. error: one sentence on what was refused. done: one sentence on what was done.
    """
    told = f'<p class="error" role="alert">{escape(error)}</p>\n' if error else ""
    told += f'<p class="done" role="status">{escape(done)}</p>\n' if done else ""
    return _FRAME.format(title=escape(title), told=told, body=body)


def form(action: str, fields: str, verb: str, **hidden: str) -> str:
    """A form that is sent with POST.

    Args:
        fields: HTML. hidden: values that are sent along; ``token`` is that of the form.
    """
    kept = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">\n' for name, value in hidden.items())
    return f'<form method="post" action="{action}">\n{kept}{fields}<button>{escape(verb)}</button>\n</form>\n'


def link_button(address: str, text: str) -> str:
    """A link that looks like a button: for an address elsewhere, to which no form may be sent."""
    return f'<p><a class="button" href="{escape(address)}">{escape(text)}</a></p>\n'


def field(
    name: str, label: str, *, kind: str = "text", auto: str, value: str = "", note: str = "", first: bool = False
) -> str:
    """A labelled input.

    Args:
        auto: for the browser's password manager. first: whether it has the focus.
    """
    described = f' aria-describedby="{name}-note"' if note else ""
    hint = f'<p class="note" id="{name}-note">{escape(note)}</p>\n' if note else ""
    more = ' maxlength="200" autocapitalize="none" spellcheck="false"' if kind == "text" else ""  # no password is cut
    focus = " autofocus" if first else ""
    return (
        f'<label for="{name}">{escape(label)}</label>\n'
        f'<input id="{name}" name="{name}" type="{kind}" value="{escape(value)}" autocomplete="{auto}" '
        f"required{more}{focus}{described}>\n{hint}"
    )


def new_password(least: int) -> str:
    """The two inputs of a new password."""
    note = f"At least {least} characters; a sentence is easy to remember."
    return field("password", "New password", kind="password", auto="new-password", note=note) + field(
        "again", "New password again", kind="password", auto="new-password"
    )


def code_field() -> str:
    """The one-time code of a link, which the script takes from the address."""
    note = "What follows #code= in the link."
    return field("code", "One-time code", auto="off", note=note, first=True)


def qr_code(address: str) -> str:
    """An address as a picture for the camera of a phone: dark on light, as apps expect it."""
    import segno  # only needed here

    drawn = segno.make(address, error="m").svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass=None)
    return drawn.replace("<svg ", '<svg class="qr" role="img" aria-label="QR code of the secret" ', 1) + "\n"


def code_list(codes: Iterable[str]) -> str:
    """Recovery codes, to be copied or printed."""
    return f'<ol class="codes">\n{"".join(f"<li><code>{escape(one)}</code></li>{chr(10)}" for one in codes)}</ol>\n'


STORED = """<details>
<summary>What Graft stores about you</summary>
<p>Your account: its name and role, the password as a hash that cannot be turned back, the secret of your second factor
if you have set one up, and, if you sign in through a provider, what it calls you.</p>
<p>Your sessions: address and browser, when they began and were used last. Admins see them, and so do you on the page of
your account.</p>
<p>What you did: imports, runs, changes, deletions and sign-ins, failed ones with the address, in a log that nobody can
change, for as long as this Graft is kept; and who owns what.</p>
<p>Requests, for the operation of the server: name, address and kind of page. Old ones are dropped by size.</p>
<p>Cookies: one for the session, one for forms, one for five minutes while a code is asked for, and one with the answer
of a provider, which signing out there needs. There are no statistics, and nothing is sent elsewhere.</p>
</details>
"""
"""In plain words (ASVS 8.3.3)."""


class SessionRow(NamedTuple):
    """One open session.

    Args:
        browser, address: where it was begun. used: when it was last used, HTML of ``core.text.times.element``.
        is_own: whether it is the one that asks.
    """

    id: str
    browser: str
    address: str
    used: str
    is_own: bool


def session_list(rows: Iterable[SessionRow], token: str) -> str:
    """Open sessions, each with a button that ends it."""
    items = []
    for row in rows:
        told = f"{escape(row.browser)}<br><small>from {escape(row.address)}, last used {row.used}</small>"
        end = form("account", "", "End", token=token, act="end", session=row.id)
        items.append(f"<li><span>{told}</span>{'<em>this browser</em>' if row.is_own else end}</li>\n")
    return f"<ul>\n{''.join(items)}</ul>\n"
