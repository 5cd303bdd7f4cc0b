"""How fast, in how much memory and with how many requests reports become Parquet."""
