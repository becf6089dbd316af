"""Logs: read while they grow, and cut when they grow too long."""

import os

import pytest

from core.files.home import run_folder
from core.jobs import logs
from core.jobs.logs import tail, trim


@pytest.fixture
def log(settings):
    path = run_folder(settings, "r-1").log
    path.parent.mkdir(parents=True)
    return path


def test_a_log_is_read_piece_by_piece(settings, log):
    assert tail("r-1", settings) == ("", 0)
    log.write_text("one\n")
    text, offset = tail("r-1", settings)
    with log.open("a") as file:
        file.write("two\n")
    assert (text, tail("r-1", settings, offset)) == ("one\n", ("two\n", 8))
    assert tail("r-1", settings, 8) == ("", 8)


def test_a_long_log_comes_in_pieces_that_make_up_the_whole(settings, log, monkeypatch):
    monkeypatch.setattr(logs, "PIECE", 10)
    whole = "größer als ein Stück\n" * 5
    log.write_text(whole)
    pieces, offset = [], 0
    while (piece := tail("r-1", settings, offset))[0]:
        pieces.append(piece[0])
        offset = piece[1]
    assert "".join(pieces) == whole


def test_a_character_that_is_half_written_waits_for_its_other_half(settings, log):
    log.write_bytes("ab\N{EURO SIGN}".encode()[:-1])
    assert tail("r-1", settings) == ("ab", 2)
    log.write_bytes("ab\N{EURO SIGN}".encode())
    assert tail("r-1", settings, 2) == ("\N{EURO SIGN}", 5)


def test_bytes_that_are_no_text_are_shown_as_such_and_passed(settings, log):
    log.write_bytes(b"a\xffb\n")
    assert tail("r-1", settings) == ("a\N{REPLACEMENT CHARACTER}b\n", 4)


def test_the_end_of_a_log_starts_at_a_whole_line(settings, log):
    log.write_text("first line\nsecond line\nthird\n")
    assert tail("r-1", settings, -12) == ("third\n", 29)
    assert tail("r-1", settings, -1000) == ("first line\nsecond line\nthird\n", 29)


def test_a_log_that_was_cut_is_read_again_from_its_beginning(settings, log):
    log.write_text("".join(f"line {number}\n" for number in range(1000)))
    _, offset = tail("r-1", settings)
    assert trim(log, limit=1000, kept=100)
    text, _ = tail("r-1", settings, offset)
    assert text.startswith("[Graft cut this log")
    assert text.endswith("line 998\nline 999\n")


def test_a_log_within_its_limit_is_left_alone(log):
    log.write_text("short\n")
    assert not trim(log, limit=1000)
    assert log.read_text() == "short\n"
    assert not trim(log.with_name("none.txt"), limit=1000)


def test_a_writer_goes_on_at_the_new_end_of_a_cut_log(log):
    writer = logs.open_log(log)
    os.write(writer, b"x" * 99 + b"\n")
    os.write(writer, b"y" * 99 + b"\n")
    assert trim(log, limit=150, kept=120)
    os.write(writer, b"more\n")
    os.close(writer)
    lines = log.read_text().splitlines()
    assert lines[0].startswith("[Graft cut")
    assert lines[1:] == ["y" * 99, "more"]


def test_the_last_lines_of_a_log_are_those_that_say_something(log):
    log.write_text("a\nb\n\n  \n")
    assert logs.last_lines(log) == ["b"]
    assert logs.last_lines(log, 5) == ["a", "b"]
    assert logs.last_lines(log.with_name("none.txt")) == []
