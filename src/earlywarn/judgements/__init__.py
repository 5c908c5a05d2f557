"""Judgements: reading and checking inspection outcomes, and turning them into targets."""
