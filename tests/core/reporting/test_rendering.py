"""Templates escape every value, and a missing value is an error."""

import jinja2
import pytest

from core.reporting.parts import Badge, Column, RunLabel, Table
from core.reporting.rendering import render

RUN = RunLabel(name="<b>x</b>", colour="#0060E4", starred=True, tags=('"quoted"',))


def test_text_is_escaped_and_html_is_not_escaped_twice():
    made = render("notes", notes=[(RUN, ["<i>a</i> & b", "second"])])
    assert "&lt;b&gt;x&lt;/b&gt;" in made and "&amp;lt;" not in made
    assert "&lt;i&gt;a&lt;/i&gt; &amp; b\nsecond\n</blockquote>" in made
    assert '<span class="tag">&#34;quoted&#34;</span>' in made


def test_characters_that_reverse_or_hide_text_are_left_out():
    made = render("leaderboard", board=Table(columns=[], rows=[], caption=""), notes=["a\u202eb\x00c"])
    assert '<p class="note">abc</p>' in made


def test_a_table_has_headings_for_rows_and_columns():
    columns = [Column("name", number=False), Column("n", 'the "help"'), Column("", number=False)]
    table = Table(columns=columns, rows=[["<x>", 3, Badge("tie")], [RUN, 4, ""]], caption="Counts")
    made = render("recipes", differences=table)
    assert '<th scope="row">&lt;x&gt;</th><td class="number">3</td><td><span class="badge">tie</span></td></tr>' in made
    assert '<th scope="row">★ <span class="run"><span class="dot" style="background:#0060E4"></span>' in made
    assert 'title="the &#34;help&#34;"' in made and "<caption>Counts</caption>" in made


def test_a_missing_value_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        render("recipes")
