"""Every sensible way to read an upload: which folders are splits and classes, and what the user has to choose."""
