"""The exercises: one file for each part of a sheet."""
