"""The demo: server, agent and page in one command (deploy/run.py demo)."""
