"""Many accounts, on one machine or many: who works on which account, and where its state lies."""
