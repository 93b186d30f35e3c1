"""The demo: one honest story on real tweets, told with the commands that a user would type."""
