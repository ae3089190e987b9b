"""The first run: from a PC that has joined nothing to one that is ready for a class, step by step, resumable."""
