"""Screenshots of all pages, in one command (deploy/run.py screenshots)."""
