"""gated_stack."""
