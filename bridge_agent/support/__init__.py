"""What a technician sends to whoever helps: the report, and what the doctor measured."""
