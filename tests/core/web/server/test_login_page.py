"""The HTML before a session: labelled, escaped, without scripts and styles inside."""

import re

from core.web.server.login_page import SessionRow, field, form, new_password, page, session_list


def test_what_people_wrote_is_escaped():
    html = page("<b>", field("name", "Name", auto="username", value='"><script>'), error="<i>", done="<u>")
    html += form("x", "", "<s>", token='"><a>') + session_list([SessionRow("id", "<img>", "<b>", "", False)], "t")
    assert not {"<b>", "<i>", "<u>", "<s>", "<script>", "<a>", "<img>"} & set(re.findall(r"<\w+>", html))


def test_nothing_needs_an_exception_of_the_content_policy():
    html = page("Sign in", form("login", new_password(12), "Go", token="t"))
    assert not re.search(r'<script(?! src="assets/login.js" defer></script>)|style=|<style|\son\w+=', html)
    assert re.findall(r'(?:href|src|action)="([^"]*)"', html) == [
        "assets/icon.png", "assets/login.css", "assets/login.js", "assets/icon.png", "login",
    ]  # fmt: skip


def test_every_input_has_a_label():
    html = field("name", "Name", auto="username", note="A note") + new_password(12)
    inputs = re.findall(r'<input id="(\w+)"', html)
    assert inputs == re.findall(r'<label for="(\w+)"', html) == ["name", "password", "again"]
    assert 'aria-describedby="name-note"' in html and "At least 12 characters" in html
