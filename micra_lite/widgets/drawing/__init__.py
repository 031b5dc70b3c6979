"""Drawings as SVG, and the base of all widgets."""
