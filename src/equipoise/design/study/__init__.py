"""What is no kind: designs compared, read backwards, estimated after, curtailed, drawn."""
