"""Texts for people, by language."""

from tracker.texts.language import Guess, Language, clean, guess, language_name, locales

__all__ = ["Guess", "Language", "clean", "guess", "language_name", "locales"]
