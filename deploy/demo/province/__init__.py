"""A province's worth of invented courses, learners and records, so that a newcomer sees the office alive."""
