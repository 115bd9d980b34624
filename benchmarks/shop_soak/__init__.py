"""Checks on bad days, with real processes: `make soak-shops` lives through hours of misbehaving shops."""
