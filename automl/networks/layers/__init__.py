"""One file per layer: its weights, its arithmetic for a stack of networks, its Keras twin."""
