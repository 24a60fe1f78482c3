"""Faces in pictures: found, aligned, restored, put back.

detection    which faces there are: boxes and five points
alignment    a face to the 512 template and back
sharpness    how sharp a face is
restorers    networks that restore a face, from files
restoring    all of it, for a batch of pictures
identity     whether two faces are of one person
"""
