"""How the agents are, as they tell it; who of them is silent; and the server's own metrics."""
