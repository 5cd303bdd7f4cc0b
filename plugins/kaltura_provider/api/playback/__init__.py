"""Do entries play for a viewer? Their streams, captions and pictures are fetched as a player fetches them."""
