"""What is said through Telegram. The only part of the domain that imports aiogram."""
