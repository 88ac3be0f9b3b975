"""One file format a file: pieces of a dataset in, pieces of a dataset out."""
