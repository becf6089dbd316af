"""Graft's core, in the order of the imports: an entry may import those above it, never those below.

    errors      every error a user can cause
    settings    what the environment decides: home, port, limits
    text        how values, names and notes are written
    files       atomic writes, arrays, locks, and every path below the home
    datasets    photos in: uploads, classes, split, one immutable dataset
    backbones   the catalogue of pretrained networks, and their weights
    recipes     how a backbone is used: pattern, hyperparameters, program, defaults, labels
    runs        the values of a run: metrics, predictions, costs, progress
    registry    the only SQL
    features    outputs of a frozen prefix, computed once and stored
    models      what a finished run leaves: inference, heads, cascades, calibration, embedding
    planning    look before you train: reused, resumed, extended or new, with estimates
    jobs        supervisor and trainers, background imports
    training    the Keras side of a run
    comparison  runs side by side: table, paired tests, intervals
    charts      one function a chart
    reporting   a comparison as one HTML file
    workbench   the use cases behind the pages and the command line
    web         server, TensorBoard, and the panels of the pages
    cli         the command line, one file a noun
    __main__    ``python -m core``

Only ``features`` and ``training`` import keras or tensorflow, and nothing that the web process or the supervisor
imports does so at module level. Only ``web`` imports streamlit. ``tests/core/test_architecture.py`` checks all of it.
"""
