"""Who watches what."""
