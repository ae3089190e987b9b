"""How this agent and its PC are: seen here, told to the server, measured by metrics, packed for support."""
