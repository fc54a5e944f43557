"""What the service remembers: workspaces, keys, panels, studies and who did what, in SQLite or PostgreSQL."""
