"""
python3 python_child.py numpy | torch: requests as lines of JSON on standard input, answers on standard output. Arrays travel in
files; the clock is this process's, and stops when the result is there in the memory that the library works in.
"""
import json
import sys
import time

import numpy

if sys.argv[1] == "torch":
    import torch as library

    if not library.cuda.is_available():
        sys.exit("torch finds no CUDA device")
    library.backends.cuda.matmul.allow_tf32 = False
    place = lambda x: library.from_numpy(x).cuda()
    fetch = lambda x: x.cpu().numpy()
    finish = library.cuda.synchronize
    copy = lambda x: x.clone()
else:
    library = numpy
    place = fetch = lambda x: x
    finish = lambda: None
    copy = numpy.copy

# Where both operands are one matrix, numpy calls syrk; else gemm.
compute = {
    "gram": lambda x, _: (x.T @ x,),
    "gemm": lambda x, other: (x.T @ other,),
    "eigenvalues": lambda a, _: (library.linalg.eigvalsh(a),),
    "eigenvectors": lambda a, _: tuple(library.linalg.eigh(a)),
}
held = {}
result = ()

print(json.dumps({"version": library.__version__}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if "load" in request:
        stored = numpy.fromfile(request["load"], dtype=request["stored"]).reshape(request["shape"])
        x = place(stored.astype(request["dtype"]))
        held[request["key"]] = (x, copy(x))
        answer = {}
    elif "run" in request:
        operands = held[request["key"]]
        finish()
        begin = time.perf_counter()
        result = compute[request["run"]](*operands)
        finish()
        answer = {"milliseconds": 1000 * (time.perf_counter() - begin)}
    elif "save" in request:
        numpy.concatenate([fetch(part).astype("<f8").ravel() for part in result]).tofile(request["save"])
        answer = {}
    else:
        del held[request["drop"]]
        continue
    print(json.dumps(answer), flush=True)
