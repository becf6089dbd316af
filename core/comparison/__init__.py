"""Runs of one dataset side by side: frozen tables, and the statistics behind each statement about them.

``compare`` gathers everything about some runs. ``table`` ranks them with what they cost, ``paired`` tests whether a
difference in accuracy is more than chance, ``board`` and ``board_page`` list thousands of runs. ``statistics`` and
``resampling`` hold the tests and intervals, each with its source; ``photos`` and ``classes`` show what is behind a
figure, ``reliability`` and ``coverage`` how far a confidence can be trusted. ``summary`` puts the outcome into one
sentence.
"""
