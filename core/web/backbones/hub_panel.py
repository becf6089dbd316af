"""A model of the Hugging Face Hub: looked up, described, and added once its licence is accepted."""

import streamlit as st

from core.backbones.additions import AdditionRequest
from core.backbones.hub.described import HubModel
from core.backbones.scalings import title_of
from core.errors import GraftError
from core.text.units import count, magnitude, plain, size
from core.web.backbones import facts, scaling_form, suggested_panel
from core.web.parts.widgets import explained
from core.workbench import Workbench
from core.workbench.backbones import HubOffer

_LONGEST = 300
_FOUND = "backbone.hub.found"


def show(bench: Workbench, asked: str) -> None:
    """Args:
    asked: address of the model that is looked up; "" for none yet.
    """
    with st.form("backbone.hub", border=False):
        text = st.text_input(
            "Model", asked, key="backbone.hub.text", max_chars=_LONGEST, placeholder="facebook/dinov2-small",
            help="owner/name, owner/name@revision, or the address of its page. Its small files are read; nothing is "
            "stored before you add it.",
        )  # fmt: skip
        sent = st.form_submit_button(
            "Look it up", icon=":material/search:", type="secondary" if asked else "primary", key="backbone.hub.look"
        )
    if sent:
        st.session_state.pop(_FOUND, None)
        st.query_params["add"] = asked = text.strip()
    if not asked:
        suggested_panel.show(bench)
        return
    with explained():
        _offer(bench, _looked_up(bench, asked))


def _looked_up(bench: Workbench, asked: str) -> HubOffer:
    """What the model is, asked once per visit and address.

    Raises:
        GraftError: it cannot be added.
    """
    known = st.session_state.get(_FOUND)
    if known is None or known[0] != asked:
        with st.spinner("Reading what the model is …"):
            try:
                found: HubOffer | GraftError = bench.describe_hub(asked)
            except GraftError as error:
                found = error
        st.session_state[_FOUND] = known = (asked, found)
    if isinstance(known[1], GraftError):
        raise known[1]
    offer: HubOffer = known[1]
    return offer


def _offer(bench: Workbench, offer: HubOffer) -> None:
    model = offer.model
    st.header(plain(model.address.name), anchor=False)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("\n".join(f"- {line}" for line in described(model)))
        for note in model.notes():
            st.caption(plain(note))
    with right:
        if offer.row is not None:
            st.markdown("**Patterns it allows**  \n" + "  \n".join(facts.patterns(offer.row)))
    _form(bench, model)


def described(model: HubModel) -> list[str]:
    """Lines of Markdown on what a model is."""
    what = "Vision transformer" if model.tokens or model.family == "Swin" else "Convolutional network"
    parameters = (
        f"{magnitude(model.parameters)} parameters" if model.parameters else "parameters counted when it is added"
    )
    scaling = model.preprocessing.scaling
    pixels = f"pixels scaled: {plain(title_of(scaling))}" if scaling else "scaling of the pixels not known"
    licence = model.licence
    where = f" ([text]({licence.link}))" if _is_plain_link(licence.link) else ""
    return [
        f"{what} of the family {plain(model.family)} (`{facts.code(model.architecture)}`), {parameters}",
        f"Input: {model.preprocessing.size} px, {pixels}",
        f"Trained on: {plain(model.trained_on) or facts.NOT_KNOWN}",
        f"Licence: {plain(licence.id)}{where}",
        f"Download: {size(model.chosen.bytes)} in {count(len(model.chosen.files), 'file')}, at commit "
        f"`{facts.code(model.address.revision[:12])}`",
    ]


def _is_plain_link(link: str) -> bool:
    """Whether an address can stand in Markdown as it is."""
    return link.startswith("https://") and not set(link) & set(" ()<>[]\\`\"'")


def _form(bench: Workbench, model: HubModel) -> None:
    question = model.licence.question()
    with st.form(f"backbone.add.{model.address}", border=True):
        with st.container(key="fields-add"):
            name = st.text_input(
                "Name", bench.free_name(model.name), max_chars=80, key="backbone.hub.name",
                help="Its id in recipes, addresses and on the command line.",
            )  # fmt: skip
            title = st.text_input("Title", model.title, max_chars=80, key="backbone.hub.title", help="For display.")
        answers = {} if model.preprocessing.scaling else scaling_form.choose("backbone.hub")
        accepted = not question
        if question:
            st.markdown(f":orange[:material/gavel:] {plain(question)}")
            accepted = st.checkbox(f"I accept the licence {plain(model.licence.id)}", key="backbone.hub.accept")
        sent = st.form_submit_button("Add", icon=":material/add:", type="primary", key="backbone.hub.add")
    if sent:
        with explained():
            licence = model.licence.id if question and accepted else None
            model.refuse_unaccepted(licence)
            request = AdditionRequest(
                kind="hub", name=name.strip(), source=str(model.address), title=title.strip(),
                accepted_licence=licence, answers=answers,
            )  # fmt: skip
            model.row(request.name, request.title, answers)  # refuses an unknown scaling before anything is spent
            bench.start_addition(request)
            st.session_state.pop(_FOUND, None)
            st.query_params["add"] = "hub"
            st.toast("The addition has started; it is shown at the top of this page.", icon=":material/download:")
            st.rerun()
