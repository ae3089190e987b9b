"""A hundred faults, injected one by one into a real agent at a real bridge point: `python -m tests.faults.hundred`."""
