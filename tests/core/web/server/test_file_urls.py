"""Where a browser may send a file is answered, however often its page begins anew."""

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from core.web.server import application, file_urls


@pytest.fixture
def queue(monkeypatch) -> ForwardMsgQueue:
    """With a part of a page and an answer that are not sent yet."""
    monkeypatch.setattr(ForwardMsgQueue, "clear", ForwardMsgQueue.clear)  # as it was, afterwards
    queue, delta, answer = ForwardMsgQueue(), ForwardMsg(), ForwardMsg()
    delta.metadata.delta_path[:] = [0, 0]
    delta.delta.new_element.text.body = "a part of the page"
    answer.file_urls_response.response_id = "asked"
    for message in (delta, answer):
        queue.enqueue(message)
    return queue


def kinds(queue: ForwardMsgQueue) -> list[str | None]:
    return [message.WhichOneof("type") for message in queue.flush()]


def test_the_answer_is_sent_after_the_page_began_anew(queue):
    application.prepare()
    queue.clear(retain_lifecycle_msgs=True)
    assert kinds(queue) == ["file_urls_response"]


def test_it_is_sent_once_where_a_part_of_the_page_began_anew(queue):
    file_urls.keep_file_urls()
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["another"])
    assert kinds(queue).count("file_urls_response") == 1


def test_nothing_is_kept_for_a_browser_that_has_gone(queue):
    file_urls.keep_file_urls()
    queue.clear()
    assert kinds(queue) == []


def test_streamlit_still_loses_it():
    """Where this fails, ``core.web.server.file_urls`` is not needed any more."""
    queue, answer = ForwardMsgQueue(), ForwardMsg()
    answer.file_urls_response.response_id = "asked"
    queue.enqueue(answer)
    file_urls._original(queue, retain_lifecycle_msgs=True)
    assert kinds(queue) == []
