"""Graft's core: the nouns of transfer learning, in the order the data flows.

photos -> datasets -> (backbones, recipes) -> runs -> features -> training -> comparison, prediction

Imports run one way only::

    pages -> web, charts -> workbench -> jobs, comparison, prediction -> registry, features -> scores, runs,
    recipes, backbones, datasets -> settings, errors

``features`` and ``training`` are the only places that import keras or tensorflow, and nothing that the web
process or the supervisor imports does so at module level. ``web`` is the only place that imports streamlit.
"""
