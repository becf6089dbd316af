"""From a photo to probabilities: the answer tree on a model's card, and what computes it without TensorFlow.

``nodes`` is the tree as data, ``answering`` runs it, ``files`` keeps its files verified and together, ``stored`` keeps
the answers of a finished run as features for the next one.
"""

from core.models.inference.graph import Answered, InferenceGraph, Memo
from core.models.inference.model_files import ModelFiles, adopt, engines_of, read_model
from core.models.inference.nodes import Confidence, Head, Mean, Network, Node, files_of, from_dict, renamed, to_dict
from core.models.inference.stored import answers_of

__all__ = [
    "Answered",
    "InferenceGraph",
    "Confidence",
    "Head",
    "Mean",
    "Memo",
    "ModelFiles",
    "Network",
    "Node",
    "adopt",
    "answers_of",
    "engines_of",
    "files_of",
    "from_dict",
    "read_model",
    "renamed",
    "to_dict",
]
