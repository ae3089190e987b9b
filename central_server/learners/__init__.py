"""Learners: the people who are enrolled."""
