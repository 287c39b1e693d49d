"""What a hostile file, server or neighbour on the machine can do: nothing but cost a clear error."""
