"""Photos one can trust: label errors, near-copies and odd photos of a dataset, and what people decided on them.

Layout: ``values`` (what is found) · ``pictures`` (one small rendering of every stored photo) · ``folds``, ``labels``
(label errors) · ``alignment``, ``copies`` (near-copies) · ``odd`` (odd photos) · ``inputs`` (whose features are used) ·
``checking`` (all of it, stored) · ``background`` (in a process of its own) · ``decisions`` (keep, relabel, exclude,
move) · ``versions`` (the new version of the dataset that they make) · ``flags`` (test photos that a comparison can
leave out) · ``collection`` (a part of the photos as a dataset of its own). Decision 27.

cleanlab and imagehash are imported where they are called: the web process shows findings and needs neither.
"""
