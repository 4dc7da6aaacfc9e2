"""Generated estates, and what the library takes to answer questions about them."""
