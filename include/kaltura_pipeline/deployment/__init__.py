"""What a deployment needs once."""
