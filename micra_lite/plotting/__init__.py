"""Pictures of games, externals, episodes and results."""
