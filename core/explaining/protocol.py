"""The messages between a process that wants explanations and the process that computes them, as JSON."""

import base64
import json
from dataclasses import asdict, replace
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from core.datasets.decoding.fit import Fit
from core.explaining.subjects import Subject
from core.explaining.values import DeletionTest, ExplainerAnswer, HeatMap, MemberExplanation


def send(connection: Connection, message: dict[str, Any]) -> None:
    """Raises OSError when the other side is gone."""
    connection.send_bytes(json.dumps(message).encode())


def receive(connection: Connection) -> dict[str, Any]:
    """The next message. Raises EOFError or OSError when the other side is gone."""
    message: dict[str, Any] = json.loads(connection.recv_bytes())
    return message


# --- request ---


def request_of(
    whole: Subject, subjects: list[Subject], jpeg: bytes, classes: list[str], label: int | None
) -> dict[str, Any]:
    """The arguments of ``worker.Explainer.explain`` as JSON."""
    return {
        "whole": whole.to_dict(),
        "subjects": [one.to_dict() for one in subjects],
        "jpeg": base64.b64encode(jpeg).decode(),
        "classes": classes,
        "label": label,
    }


def arguments_of(request: dict[str, Any]) -> tuple[Subject, list[Subject], bytes, list[str], int | None]:
    """The inverse of ``request_of``."""
    return (
        Subject.from_dict(request["whole"]),
        [Subject.from_dict(one) for one in request["subjects"]],
        base64.b64decode(request["jpeg"]),
        request["classes"],
        request["label"],
    )


# --- answer ---


def answer_of(outcome: ExplainerAnswer) -> dict[str, Any]:
    """An outcome as JSON."""
    members = [
        {name: value for name, value in vars(one).items() if name not in ("maps", "test")}
        | {"maps": [_map_to_dict(heat) for heat in one.maps], "test": one.test and asdict(one.test)}
        for one in outcome.members
    ]
    return vars(outcome) | {"members": members}


def outcome_of(answer: dict[str, Any]) -> ExplainerAnswer:
    """The inverse of ``answer_of``."""
    return replace(ExplainerAnswer(**answer), members=tuple(_member(one) for one in answer["members"]))


def _member(data: dict[str, Any]) -> MemberExplanation:
    maps = tuple(_map_from_dict(one) for one in data["maps"])
    return MemberExplanation(**data | {"maps": maps, "test": data["test"] and DeletionTest(**data["test"])})


def _map_to_dict(heat: HeatMap) -> dict[str, Any]:
    return vars(heat) | {"values": heat.values.tolist()}


def _map_from_dict(data: dict[str, Any]) -> HeatMap:
    return HeatMap(**data | {"values": np.array(data["values"], np.float32), "fit": Fit(data["fit"])})
