"""What a person types becomes calls to the rooms. No logic here."""
