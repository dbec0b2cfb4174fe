"""The two tiers in training: conditions of windows, and the frame tier with its optimizer and average."""
