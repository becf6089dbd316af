"""Finished runs that answer together, without training: ensembles and confidence cascades.

``members`` reads what the runs said about validation and test photos, ``thresholds`` finds when a cheap one is sure
enough, ``combine`` evaluates and leaves a run with a model of its own.
"""

from core.models.cascades.combine import combine

__all__ = ["combine"]
