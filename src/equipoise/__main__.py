"""`python -m equipoise`: the same as `equipoise`."""

from equipoise.cli.main import main

if __name__ == "__main__":
    main()
