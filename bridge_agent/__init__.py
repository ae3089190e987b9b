"""The agent at a bridge point."""
