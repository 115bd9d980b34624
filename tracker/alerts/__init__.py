"""Rules, and the outbox of messages owed."""
