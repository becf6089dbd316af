"""The cards of photos on the page Predict."""

import re

from core.web.predict.wall import file_name


def test_a_file_name_is_continued_between_its_words_and_is_itself_when_it_is_copied():
    said = file_name("cat_christTheRedeemer.jpg")
    assert said == "cat_<wbr>christ<wbr>The<wbr>Redeemer<wbr>.jpg"
    assert re.sub("<wbr>", "", file_name("a/b-1_c.tar.gz")) == "a/b-1_c.tar.gz"


def test_a_file_name_is_no_markup():
    assert file_name("<b>.png") == "&lt;b&gt;<wbr>.png"
