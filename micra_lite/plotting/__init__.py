"""Pictures of games, externals, episodes and results, with their words."""
