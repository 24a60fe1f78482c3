"""Avatars: a person's photos become a model that is kept, and pictures of that person.

people      the folder of a person: what is in it, and who may read it
"""
