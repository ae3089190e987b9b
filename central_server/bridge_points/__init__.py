"""Bridge points, their devices, and how a device proves who it is."""
