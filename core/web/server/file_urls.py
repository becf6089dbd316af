"""Streamlit's answer to a browser that asks where it may send a file, kept when a script begins anew.

At the start of a run Streamlit throws away the messages that it has not sent yet, also this answer (1.67,
``ForwardMsgQueue.clear``). The browser would wait for it without end, and a photo that is dropped while the page
changes would be lost without a word.
"""

from typing import Any

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

_ANSWER = "file_urls_response"


def keep_file_urls() -> None:
    """Make every queue of this process keep the answers; before a server is made."""
    if ForwardMsgQueue.clear is not _clear:
        ForwardMsgQueue.clear = _clear  # type: ignore[method-assign]


_original = ForwardMsgQueue.clear


def _clear(self: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, *given: Any, **more: Any) -> None:
    answers = [message for message in self._queue if retain_lifecycle_msgs and _is_answer(message)]
    _original(self, retain_lifecycle_msgs, *given, **more)
    kept = set(map(id, self._queue))
    self._queue += [message for message in answers if id(message) not in kept]


def _is_answer(message: ForwardMsg) -> bool:
    return message.WhichOneof("type") == _ANSWER
