"""Pure measuring: pictures, scores and clock samples in, a versioned profile and a report out."""
