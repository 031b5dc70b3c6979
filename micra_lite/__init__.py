from .games import make, names
