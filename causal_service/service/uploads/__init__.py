"""From bytes on the network to a file that may be read: streamed, counted, hashed, looked at before it is opened."""
