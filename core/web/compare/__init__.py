"""The page Compare: what its URL says (``address``), the runs that stand side by side (``selected``), the leaderboard
they are chosen from, and the views of them."""
