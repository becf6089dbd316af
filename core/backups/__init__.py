"""Snapshots of a home in another folder: the registry, and by choice models and datasets, as blobs by SHA-256.

``snapshots`` has the values and their file, ``store`` the folder and its blobs, ``contents`` says which folders of a
home a snapshot has. ``making`` makes one, ``verifying`` reads all of them, ``restoring`` fills an empty home.
"""
