"""Query-only training against everything else: real models and images, one metered interface, one table.

    python -m benchmarks.queries run [--tasks ...] [--methods ...] [--jobs N]
    python -m benchmarks.queries tune
    python -m benchmarks.queries table
    python -m benchmarks.queries figure

A *cell* is task x answers x shots x method x seed. Every image that a method has scored counts, validation included;
the test is scored outside of the count, and no method sees it. Seeds are paired: all methods of one seed get the
same images.
"""
