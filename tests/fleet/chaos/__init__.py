"""A fleet whose machines die, freeze and are cut off."""
