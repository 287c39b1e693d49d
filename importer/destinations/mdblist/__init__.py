"""MDBList: its settings, requests, answers and ratings."""
