"""A probe at a fixed overlap with a reference: equations by kind of reference, and what drives them."""
