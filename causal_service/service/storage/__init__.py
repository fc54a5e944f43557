"""Files of a workspace: named by their content, complete or absent, gone when deleted."""
