"""What is done for a release: the wheel checked where users have it, its parts listed, its notes written."""
