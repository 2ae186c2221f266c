"""One member with ordinary Keras layers and `model.fit`: the twin of the population, and the way of users' builders."""
