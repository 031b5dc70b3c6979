"""The methods that MICRA is compared with, and its ablations."""
