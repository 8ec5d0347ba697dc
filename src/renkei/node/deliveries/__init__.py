"""What goes to the counterpart and comes from it, by network or medium."""
