"""Graft's core, in the order of the imports: an entry may import those above it, never those below.

    errors      every error a user can cause
    settings    what the environment decides: home, port, limits
    text        how values, names and notes are written
    files       atomic writes, arrays, locks, and every path below the home
    people      who acts: roles, passwords, and what a role allows
    datasets    photos in: uploads, classes, split, one immutable dataset
    backbones   the catalogue of pretrained networks, and their weights
    recipes     how a backbone is used: pattern, hyperparameters, program, defaults, labels
    runs        the values of a run: metrics, predictions, costs, progress
    registry    the only SQL
    artifacts   folders that several machines share, published whole and fetched by checksum
    backups     snapshots of a home by checksum, and an empty home filled from one
    features    outputs of a frozen prefix, computed once and stored
    models      what a finished run leaves: inference, heads, cascades, calibration, embedding
    serving     the loaded models of a process: memory limit, queue, batches
    planning    look before you train: reused, resumed, extended or new, with estimates
    jobs        supervisor and trainers, imports and additions in the background
    training    the Keras side of a run
    explaining  which part of a photo decided: heat maps, in a process of their own
    exports     a model as files for elsewhere, and bundles for another Graft
    curation    photos one can trust: label errors, near-copies, odd photos, and the version without them
    comparison  runs side by side: table, paired tests, intervals
    advising    what is worth training or labelling, whether more photos help, and which runs to combine
    charts      one function a chart
    reporting   a comparison as one HTML file
    workbench   the use cases behind the pages and the command line
    searching   the best within a budget: recipes that Optuna proposes, each trained as an ordinary run
    output      what a command or a request returns, as JSON
    api         REST and MCP, for programs
    web         server, TensorBoard, and the panels of the pages
    cli         the command line, one file a noun
    __main__    ``python -m core``

``features``, ``training``, ``explaining`` and ``exports`` alone import keras or tensorflow, and nothing that the web
process or the supervisor imports does so at module level. Only ``web`` imports streamlit.
``tests/core/test_architecture.py`` checks all of it.
"""
