"""Artifacts: folders that do not change any more, which several machines share through a store.

See decision 25. With ``GRAFT_ARTIFACTS=home`` nothing is copied: the folder of the home is the artifact.
"""
