"""Pack a wheel from a library that cargo built already: ``pack.py LIBRARY FOLDER VERSION``.

For tests. ``maturin build`` makes the wheel that is given away; it compiles this package alone, under other features
than the workspace as a whole, and so compiles most dependencies once more.
"""

import base64
import hashlib
import sys
import sysconfig
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(library: str, folder: str, version: str) -> None:
    """Write the wheel and print its path."""
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    tag = f"cp310-abi3-{platform}"
    info = f"isoflop-{version}.dist-info"
    suffix = ".pyd" if sys.platform == "win32" else ".abi3.so"
    sources = sorted(p for p in (HERE / "isoflop").iterdir() if p.suffix in (".py", ".pyi", ".typed"))
    files = {f"isoflop/{path.name}": path.read_bytes() for path in sources}
    files["isoflop/py.typed"] = b""
    files[f"isoflop/_isoflop{suffix}"] = Path(library).read_bytes()
    metadata = f"Metadata-Version: 2.1\nName: isoflop\nVersion: {version}\nRequires-Dist: numpy>=1.24\n"
    files[f"{info}/METADATA"] = metadata.encode()
    wheel = f"Wheel-Version: 1.0\nGenerator: pack.py\nRoot-Is-Purelib: false\nTag: {tag}\n"
    files[f"{info}/WHEEL"] = wheel.encode()
    lines = [f"{name},sha256={digest(content)},{len(content)}" for name, content in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""]).encode()
    target = Path(folder) / f"isoflop-{version}-{tag}.whl"
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    print(target)


def digest(content: bytes) -> str:
    """As RECORD files have it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    main(*sys.argv[1:])
