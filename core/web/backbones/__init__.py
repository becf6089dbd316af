"""Panels of the page Backbones: the list, one backbone, adding one."""
