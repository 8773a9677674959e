"""An index together with the vectors that changed since it was built."""
