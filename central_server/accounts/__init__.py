"""Who may do what: accounts, roles, signing in, and the guard that stands before every route."""
