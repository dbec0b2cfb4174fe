"""The local application, and the blind listening test that it serves."""
