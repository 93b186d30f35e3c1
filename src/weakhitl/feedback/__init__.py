"""The loop: what people say flows back into functions and models."""
