"""The server's copy of every bridge point's log."""
