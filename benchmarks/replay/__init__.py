"""Price series whose truth is known, replayed through our rules and through those of three peers."""
