"""Everything about a title on Kaltura besides its bytes: names resolved before the transfer, parts applied after."""
