"""The encoding of file names that an archive does not mark as UTF-8."""

import codecs

from core.datasets.names import quoted
from core.errors import InvalidInput


def decoded(raw: bytes, encoding: str) -> str:
    """A name as text; bytes that are no text in this encoding become U+FFFD.

    Raises:
        InvalidInput: there is no such text encoding.
    """
    try:
        if codecs.lookup(encoding)._is_text_encoding:
            return raw.decode(encoding, "replace")
    except (LookupError, ValueError):
        pass
    raise InvalidInput(
        f"There is no encoding {quoted(encoding)}. Name one like cp866, cp1252, shift_jis, gb18030, big5 or euc_kr."
    )
