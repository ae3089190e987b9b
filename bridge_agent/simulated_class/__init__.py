"""A class that never was: room pictures composed from portraits and a script, with the truth to the second."""
