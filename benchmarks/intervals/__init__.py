"""What checking by changes is worth: requests, delay and missed drops on recorded prices."""
