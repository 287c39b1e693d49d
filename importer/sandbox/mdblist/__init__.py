"""MDBList, `POST /sync/ratings` with a key in the address."""
