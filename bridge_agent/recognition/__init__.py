"""Recognition: one sweep a second over the newest frame: faces to tracks, tracks to learners; is the picture live?"""
