"""Photos of datasets, ticked or linked."""

from streamlit.testing.v1 import AppTest


def script():
    import streamlit as st

    from core.web.predict.linked import _toggle

    digest = "0123456789abcdef" * 4
    st.button("tick", on_click=_toggle, args=(f"d-1:{digest[:16]}", digest))


def test_a_tick_puts_a_photo_into_the_address_and_another_one_takes_it_out():
    at = AppTest.from_function(script)
    at.query_params["photos"] = "d-2:ffffffff"
    at.run()
    at.button[0].click().run()
    assert dict(at.query_params) == {"photos": "d-2:ffffffff,d-1:0123456789abcdef"}
    at.button[0].click().run()
    assert dict(at.query_params) == {"photos": "d-2:ffffffff"}


def test_a_photo_linked_by_fewer_digits_is_taken_out_too():
    at = AppTest.from_function(script)
    at.query_params["photos"] = "flowers:01234567"
    at.run()
    at.button[0].click().run()
    assert "photos" not in at.query_params
