"""The catalogue of pretrained networks, as data, and the sources of their weights. No Keras here."""

from core.backbones.table import catalogue, get, imagenet_classes
from core.backbones.values import Availability, Backbone
from core.backbones.weights import availability, is_here, obtain

__all__ = ["Availability", "Backbone", "availability", "catalogue", "get", "imagenet_classes", "is_here", "obtain"]
