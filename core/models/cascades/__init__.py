"""Finished runs combined without training: ensembles and confidence cascades.

``members`` reads the runs' predictions for validation and test photos, ``strategies`` combines them, ``thresholds``
chooses when a confidence cascade uses its costly member, ``costs`` measures, ``combine`` evaluates and saves the run.
"""
