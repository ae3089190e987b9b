"""Capture: a process of its own that holds the camera or video and hands over one frame when it is asked for."""
