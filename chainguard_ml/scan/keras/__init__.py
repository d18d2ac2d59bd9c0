"""Keras configurations: trees of objects that name a class or function, and what Keras does with each of them."""
