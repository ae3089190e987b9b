"""A session's classroom: its page, who has the floor, questions, and what was spoken."""
