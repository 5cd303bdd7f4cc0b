"""One script a client; each runs in a fresh process, the peers in an environment of their own."""
