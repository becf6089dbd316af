"""What all types of responses share: they name the members that a program relies on, and further ones may come.

The OpenAPI document is made from them, so every member says what it is.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Interval = Annotated[list[float], Field(min_length=2, max_length=2)]
"""Lower and upper end."""
Values = dict[str, Any]
"""An object whose members depend on what it describes."""


class Described(BaseModel):
    """The base of all types of responses."""

    model_config = ConfigDict(extra="allow")


class Problem(Described):
    """What went wrong (RFC 9457), of media type application/problem+json."""

    type: str = Field(description="For programs: `urn:graft:` and the title, as `urn:graft:not-found`.")
    title: str = Field(description="Of the status, as `Not Found`.")
    status: int = Field(description="As the status of the response.")
    detail: str = Field(description="One sentence for people: what was received, and what to do.")
    request_id: str = Field("", description="As in the header X-Request-ID, and in the server's log.")


class LeakNote(Described):
    """What *Check photos* found between the splits of a dataset."""

    dataset: str = Field(description="Id.")
    name: str = Field(description="name:version")
    leaked: int = Field(description="Test photos with a near-copy in another split, as `core check` found them.")
    of: int = Field(description="Test photos.")
    sentence: str = Field(description="The same in words.")
