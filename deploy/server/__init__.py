"""The server on a real host: units for systemd, a reverse proxy, coturn, containers (README.md)."""
