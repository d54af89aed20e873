"""One module for each explorer of the book: `frame(**parameters)` and its `view`."""
