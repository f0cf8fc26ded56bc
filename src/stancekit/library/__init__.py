"""What Python users call: trained models as objects, and names of configurations as the objects they stand for."""
