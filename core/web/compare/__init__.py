"""The page Compare: the state in its URL (``address``), the compared runs (``selected``), the leaderboard
they are chosen from, and the views of them."""
