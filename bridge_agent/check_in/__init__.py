"""Checking learners in at a bridge point: by a live face, or by card or PIN with a witness; spot checks; enrolment."""
