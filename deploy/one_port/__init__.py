"""Everything over one TLS port: what nginx and coturn need before the server."""
