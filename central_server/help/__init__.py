"""Help: the handbook of all who use the server, and which part of it belongs to which page."""
