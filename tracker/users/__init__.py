"""People: the Telegram identity is the account."""
