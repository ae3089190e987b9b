"""Faces: detect, align, encode, match; an extra that the server loads only to enrol."""
