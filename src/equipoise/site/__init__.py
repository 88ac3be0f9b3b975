"""The site app: a trial run in a browser. Every page is a projection of the log, every order an event; no rule stands here.

The edge: it may import every room, and nothing imports it but ``cli.serve``, when it is asked for. Django is imported here only.
"""
