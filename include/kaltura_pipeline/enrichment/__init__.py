"""What is said of titles, and what it means on one account: names resolved before the transfer."""
