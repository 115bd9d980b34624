"""Deliveries on bad days, with real processes: `make chaos` kills, `make drain` measures the pace."""
