"""A folder for a USB stick that installs the agent, with or without the internet (ADR 31)."""
