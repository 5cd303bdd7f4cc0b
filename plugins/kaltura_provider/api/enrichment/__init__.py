"""What an entry has besides its content, brought up to date: for many entries together, in few requests."""
