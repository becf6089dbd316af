"""Tables: drawn on a canvas, and as text for screen readers while the switch is on."""

import streamlit as st
from streamlit.testing.v1 import AppTest

from core.web.parts.tables import text_of


def page():
    import streamlit as st

    from core.web.parts.tables import table, text_switch

    text_switch()
    table(
        [{"name": "a *b*", "share": 0.5, "marks": ["x", "y"]}, {"name": "c", "share": None}],
        key="numbers",
        formats={"share": "{:.0%}".format},
        columns={"name": st.column_config.TextColumn("Run")},
    )


def test_the_switch_shows_every_table_as_text_too():
    at = AppTest.from_function(page, default_timeout=30).run()
    assert len(at.dataframe) == 1 and not at.table
    at.toggle[0].set_value(True).run()
    assert not at.exception and len(at.dataframe) == 1
    assert at.table[0].value.columns.tolist() == ["Run", "share", "marks"]
    assert [cell.replace("\\", "") for cell in at.table[0].value["share"]] == ["50%", "–"]
    assert at.table[0].value["Run"].tolist()[0].replace("\\", "") == "a *b*"


def test_words_are_those_of_the_cells_without_pictures_and_curves():
    columns = {
        "dot": st.column_config.ImageColumn("", width=40),
        "curve": st.column_config.LineChartColumn("Curve"),
        "p": st.column_config.TextColumn("p value"),
        "open": st.column_config.ButtonColumn("Look", key="look"),
    }
    rows = [
        {"dot": "data:image/svg+xml,x", "curve": [1.0], "p": 0.25, "tags": ("a", "b"), "empty": None, "open": "Open"}
    ]
    assert "whole" in text_of(rows, {}, columns, {"p": "whole"}).columns, "a label may be shortened"
    found = text_of(rows, {"p": "{:.1f}".format}, columns)
    words = {key: value.replace("\\", "") for key, value in found.to_dict("records")[0].items()}
    assert words == {"p value": "0.2", "tags": "a, b", "empty": "–", "Look": "Open"}


def test_a_table_that_can_be_changed_is_shown_as_text_too():
    def page():
        import pandas as pd
        import streamlit as st

        from core.web.parts.tables import editor

        editor(pd.DataFrame({"a": ["x", "y"]}), key="made", columns={"a": st.column_config.TextColumn("Class")})

    at = AppTest.from_function(page, default_timeout=30)
    at.session_state["tables-as-text"] = True
    assert at.run().table[0].value["Class"].tolist() == ["x", "y"]
