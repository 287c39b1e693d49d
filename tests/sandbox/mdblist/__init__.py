"""MDBList at the sandbox."""
