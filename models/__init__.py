"""What both sides mean: no sockets, no database, nothing of ours imported."""
