"""What Graft is made of: the locks with hashes, the licence list and the bill of materials (decision 32)."""
