"""What several test files share. No test file imports another."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
