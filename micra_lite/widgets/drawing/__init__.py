"""What widgets draw with."""
