"""What a user hands over as one list of files: a folder, a ZIP or TAR archive; names in any encoding."""
