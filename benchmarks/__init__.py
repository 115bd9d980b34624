"""How fast the service is: real processes, real HTTP, saved pages. `make bench` runs all of it."""
