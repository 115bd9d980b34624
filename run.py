"""`make run`: the whole service in one process (`house.py`).

Each reader process imports this file again, as Python's main module, so it imports nothing by itself.
"""

if __name__ == "__main__":
    from house import cli

    cli()
