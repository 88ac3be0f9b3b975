"""The cache of compiled kernels is named by what they are made of, and by nothing else."""

from __future__ import annotations

import ast

from equipoise.files.kernels import sources


def test_the_name_covers_what_is_compiled_and_what_it_takes() -> None:
    found = {"/".join(p.parts[-2:]) for p in sources()}
    compiled = {"kernel/trial.py", "kernel/patient.py", "kernel/enrolment.py", "kernel/places.py"}
    assert compiled | {"numerics/philox.py", "numerics/compiled.py", "numerics/two_groups.py"} <= found
    # What a plan is made of, and what is done with the lines, compile nothing anew.
    assert not found & {"simulate/truth.py", "simulate/planner.py", "simulate/run.py", "numerics/survival.py"}


def test_what_kernels_take_from_elsewhere_stands_there_as_a_number() -> None:
    """The sources of a constant that were computed from a third module would not be in the name."""
    for path in sources():
        if path.parent.name != "simulate":
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
                names = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
                assert names <= {"np"}, f"{path.name}: {node.targets[0].id}"
