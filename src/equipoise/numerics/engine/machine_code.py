"""A compiled function kept as LLVM's bitcode, and called again without numba: what takes ten seconds is done once.

Bitcode is made for no processor: what reads it turns it into the instructions of the machine at hand, in half a second.
Needs llvmlite, which comes with numba (the extra ``fast``) and is large. Object code, linked into a library, needs neither:
it is for any processor of one kind of machine, and therefore a little slower.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

#: The function's name in a library.
IN_LIBRARY = "equipoise_kernel"


def bitcode_of(function: Any) -> bytes:
    """What ``numba.njit`` made of a function with one signature that takes pointers and whole numbers and gives nothing: its
    name, a line's end, and the bitcode."""
    from llvmlite import binding

    (signature,) = function.overloads
    name = function.overloads[signature].fndesc.llvm_func_name
    module = binding.parse_assembly(function.inspect_llvm(signature))
    return bytes(name.encode() + b"\n" + module.as_bitcode())


def _parsed(kept: bytes) -> Any:
    """The module. Raises ValueError."""
    from llvmlite import binding

    name, _, bitcode = kept.partition(b"\n")
    try:
        module = binding.parse_bitcode(bitcode)
        module.verify()
        module.get_function(name.decode())
    except (RuntimeError, NameError, UnicodeDecodeError) as why:
        raise ValueError(f"no bitcode that this version of LLVM reads: {why}") from None
    return module


def is_bitcode(kept: bytes) -> bool:
    """Whether ``Loaded`` can be made of it."""
    try:
        _parsed(kept)
    except ValueError:
        return False
    return True


def object_of(kept: bytes) -> bytes:
    """Object code of what ``bitcode_of`` kept, for a linker: a library gives the function as ``IN_LIBRARY``. Raises ValueError."""
    from llvmlite import binding

    module = _parsed(kept)
    module.get_function(kept.partition(b"\n")[0].decode()).name = IN_LIBRARY
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(opt=3, reloc="pic", codemodel="default")
    return bytes(machine.emit_object(module))


class Called:
    """A compiled function: call it with addresses and whole numbers. Others may run meanwhile: it holds no lock of the
    interpreter."""

    def __init__(self, call: Callable[..., int]) -> None:
        self._call = call

    def __call__(self, *arguments: int) -> None:
        """Call it; every argument is 64 bits wide."""
        # numba's own way of calling: where the result goes, where an error goes, then the arguments.
        result, error = ctypes.c_void_p(), ctypes.c_void_p()
        status = self._call(
            ctypes.byref(result), ctypes.byref(error), *(ctypes.c_int64(argument) for argument in arguments)
        )
        if status not in (0, -2):
            raise RuntimeError(f"the compiled function gave up with status {status}")


class Loaded(Called):
    """The function that ``bitcode_of`` kept. Raises ValueError for what is no bitcode."""

    def __init__(self, kept: bytes) -> None:
        from llvmlite import binding

        module = _parsed(kept)
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        machine = binding.Target.from_default_triple().create_target_machine(
            cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=3, jit=True
        )
        # The engine owns the instructions: it must live as long as they may be called.
        self._engine = binding.create_mcjit_compiler(module, machine)
        self._engine.finalize_object()
        address = self._engine.get_function_address(kept.partition(b"\n")[0].decode())
        super().__init__(ctypes.CFUNCTYPE(ctypes.c_int32)(address))
