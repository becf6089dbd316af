"""Models of the Hugging Face Hub, or of a mirror of it: what they are, and their files, verified.

``address`` (which model, at which commit) · ``client`` (HTTP) · ``repository`` (its list of files and metadata) ·
``layouts`` (which files describe and hold a network) · ``preprocessing`` · ``licences`` · ``described`` (what is shown
before anything large is downloaded) · ``download``

No library of the hub is used: it would pin no commit and check no file, and would run in the web process.
"""
