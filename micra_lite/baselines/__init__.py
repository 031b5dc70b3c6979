"""What MICRA is compared with."""
