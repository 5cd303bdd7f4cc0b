"""Web pages and snippets with a Kaltura player. Nothing here sends a request, but what starts sessions of viewers."""
