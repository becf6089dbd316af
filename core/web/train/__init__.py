"""The parts of the page Train, in the order they are read: ways, networks, numbers, cascade, and what will happen."""
