"""PettingZoo, both ways."""
