"""What a person may ask of the running daemon, whatever way the question comes."""
