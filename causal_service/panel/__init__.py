"""What was measured: the dictionary, the panel, reading files, and checks that turn into findings."""
