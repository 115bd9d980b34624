"""The people's door: conversations in Telegram."""
