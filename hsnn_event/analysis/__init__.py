"""Pure functions of spike arrays, and pictures of them."""
