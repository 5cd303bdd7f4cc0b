"""The stack of docker-compose.yaml as plain processes."""
