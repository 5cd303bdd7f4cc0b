"""A local Kaltura that answers on the wire as the real server does, for demos and tests."""
