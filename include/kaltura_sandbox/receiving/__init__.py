"""Taking request bodies in processes of their own, and charging what a Kaltura server's work costs."""
