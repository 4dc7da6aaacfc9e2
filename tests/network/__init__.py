"""The neutral vocabulary: addresses, fields and header spaces against independent oracles."""
