"""How well pages are read: every label against what is read, side by side with another reader."""
