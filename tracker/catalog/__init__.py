"""Listings and their price history."""
