"""Beside MICRA: critics made of parts, regret from parts, change detection."""
