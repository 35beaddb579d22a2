"""Prints the SHA-256 and the size of a zip file, and the SHA-256 of its contents.

Run as `PYTHON -I measure.py FILE`. The third value covers the members' names, permissions and
unpacked bytes in order, so it does not depend on the zlib that packed them.
"""

import hashlib
import sys
import zipfile

path = sys.argv[1]
with open(path, "rb") as file:
    packed = file.read()
contents = hashlib.sha256()
with zipfile.ZipFile(path) as archive:
    for member in archive.infolist():
        data = archive.read(member)
        header = f"{member.filename}\n{member.external_attr >> 16:o} {len(data)}\n"
        contents.update(header.encode() + data)
print(hashlib.sha256(packed).hexdigest(), len(packed), contents.hexdigest())
