"""What stands beside MICRA: larger critics, regret from parts, change detection."""
