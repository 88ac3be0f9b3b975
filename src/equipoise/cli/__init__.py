"""The command line: one file a command. The edge: it knows everything."""
