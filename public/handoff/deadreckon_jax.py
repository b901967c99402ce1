"""
Dump what Deadreckon reads from any JAX model: for models that are too big or too odd to run in a browser.

    from deadreckon_jax import dump
    dump(lambda params, x, y: loss_of_one_sample, params, (xs, ys), "bundle.npz")

`loss` takes the parameters and one sample and gives a number. Drop the file on the page, or: npm run cli -- analyze bundle.npz. It holds
    gram/<layer>  [n, n]  inner products of the samples' gradients of the layer's parameters, in float64
where a layer is a path in the tree of parameters without its last part (kernel, bias). Gradients are made `batch` samples at a time; a layer's
own ones are held for all samples.
"""

import jax
import numpy as np


def dump(loss, params, samples, path, batch=64):
    n = len(jax.tree_util.tree_leaves(samples)[0])
    gradient = jax.jit(jax.vmap(jax.grad(loss), (None,) + (0,) * len(samples)))
    rows = {}
    for begin in range(0, n, batch):
        some = jax.tree_util.tree_map(lambda x: x[begin : begin + batch], samples)
        for key, g in jax.tree_util.tree_leaves_with_path(gradient(params, *some)):
            rows.setdefault(key, []).append(np.asarray(g, np.float64).reshape(len(g), -1))
    grams = {}
    for key, parts in rows.items():
        g = np.concatenate(parts)
        names = [str(getattr(part, "key", getattr(part, "name", getattr(part, "idx", part)))) for part in key]
        layer = ".".join(names[:-1]) or names[-1]
        grams[layer] = grams.get(layer, 0) + g @ g.T
    np.savez(path, **{f"gram/{layer}": k for layer, k in grams.items()})
