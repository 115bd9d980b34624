"""Whoever takes payments for us: what they do, and what is special about each."""
