"""Random damage for as long as one likes: `make fuzz`, or `python -m tests.fuzz --seconds 600 --seed 7`."""
