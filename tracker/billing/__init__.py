"""Plans, what people pay for them, and what the law wants written about it."""
