"""The best within a budget: a search over recipes, in a process of its own.

Optuna proposes recipes (``study``, ``space``); each is launched as an ordinary run and judged by its validation
photos alone (``search``). ``search_process`` starts, stops and reads a search. Only that process imports
Optuna.
"""
