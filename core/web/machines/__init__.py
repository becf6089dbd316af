"""The page Machines: where runs train."""
