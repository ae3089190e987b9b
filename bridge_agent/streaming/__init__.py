"""The room's stream: published with WHIP by a process of its own, adapted to its line, and written down."""
