"""What is owed to a chat beside alerts: words about money and about the service itself."""
