"""The domain that the bot, the worker and the webhooks share."""
