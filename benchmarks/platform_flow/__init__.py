"""How Open edX settles a learner's group, written anew from what it does, with its statements."""
