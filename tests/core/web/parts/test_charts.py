"""A chart on a page."""

from streamlit.testing.v1 import AppTest


def test_a_chart_has_its_title_above_it_and_names_in_it_stay_text():
    def script():
        from core.charts.confusion import confusion_chart
        from core.web.parts.charts import titled

        titled(confusion_chart(((3, 1), (0, 4)), ("**rose**", "tulip")), key="matrix", alt="Confusion matrix")

    at = AppTest.from_function(script, default_timeout=30).run()
    assert not at.exception
    assert "\\*\\*rose\\*\\* predicted as tulip" in at.markdown[0].value
    assert len(at.get("plotly_chart")) == 1
