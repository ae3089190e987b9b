"""Copies of the database: made while the server runs, compared before they are called good, and put back."""
