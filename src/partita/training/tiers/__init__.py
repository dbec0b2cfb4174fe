"""The two tiers in training: the conditions of windows, and the frame tier's network, optimizer and average."""
