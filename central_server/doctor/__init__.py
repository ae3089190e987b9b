"""`central-server doctor`: is this machine fit to serve, what is wrong, and what to do about it."""
