"""The server's own chained log: its acts, and the key with which it signs receipts."""
