"""Who calls, what they may, how often, and through which door."""
