"""How fast Stillwater is: practices of any size, and what their pages cost."""
