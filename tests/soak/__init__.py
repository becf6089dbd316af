"""The soak test (``make soak MINUTES=10``): everything runs, is killed at random moments, and is checked.

home       a home of its own, the recipes of every pattern, the command line
victims    the processes of a home, found by their environment, and what is done to them
people     what people do meanwhile: launches, imports, exports, tables, checks, deletions, visits
resting    everything finishes without kills
disk       a disk that can be full
reference  the runs of all recipes without a kill
checks     what must hold once everything has come to rest
trainer    the real trainer, which also notes every attempt that it begins
unsynced   a file system that knows what was fsynced, for simulated power cuts
power      power cuts: copies of a home without what was not fsynced
"""
