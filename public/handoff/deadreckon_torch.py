"""
Dump what Deadreckon reads from any torch model: for models that are too big or too odd to run in a browser.

    from deadreckon_torch import dump
    dump(model, inputs, lambda logits: torch.nn.functional.cross_entropy(logits, labels, reduction="none"), "bundle.safetensors")

`loss` takes the model's output and gives one number per sample: sum over the positions of a sequence. Drop the file on the page, or:
npm run cli -- analyze bundle.safetensors. Per Linear and Conv2d layer it holds
    act/<layer>    [rows, d_in]   what the layer reads (patches, for a convolution)
    delta/<layer>  [rows, d_out]  the gradient of each sample's own loss at what it gives
    gram/<layer>   [n, n]         inner products of the samples' gradients of its weight and bias, in float64
Rows are samples times positions; of more than `most_rows` a seeded choice is kept. The model is put into evaluation mode: BatchNorm in training
mode mixes samples. What a module computes without calling a Linear (the in-projection of nn.MultiheadAttention) is not seen.
"""

import torch
from safetensors.torch import save_file


def dump(model, inputs, loss, path, layers=(torch.nn.Linear, torch.nn.Conv2d), most_rows=4096, seed=0):
    calls, handles = [], []
    for name, module in model.named_modules():
        if isinstance(module, layers) and getattr(module, "groups", 1) == 1:
            handles.append(module.register_forward_hook(lambda m, args, out, name=name: calls.append((name, m, args[0].detach(), out))))
    model.eval()
    for p in model.parameters():
        p.requires_grad_(p.is_floating_point())
    try:
        each = loss(model(inputs))
    finally:
        for handle in handles:
            handle.remove()
    if each.ndim != 1:
        raise ValueError(f"loss gave shape {list(each.shape)}; one number per sample was expected")
    gradients = torch.autograd.grad(each.sum(), [out for *_, out in calls], allow_unused=True)
    taps = {}
    for (name, module, x, _), gradient in zip(calls, gradients):
        if gradient is not None:  # None: the loss does not see this call
            taps.setdefault(name, []).append((module, *rows(module, x, gradient, len(each))))
    tensors = {}
    for name, parts in taps.items():
        a, d = (torch.cat([part[k] for part in parts], 1) for k in (1, 2))  # [n, T, d_in], [n, T, d_out]
        keep = torch.randperm(a.shape[0] * a.shape[1], generator=torch.Generator().manual_seed(seed))[:most_rows].sort().values.to(a.device)
        tensors[f"act/{name}"], tensors[f"delta/{name}"] = (x.flatten(0, 1)[keep].contiguous().cpu() for x in (a, d))
        tensors[f"gram/{name}"] = gram(a.double(), d.double(), parts[0][0].bias is not None).cpu()
    save_file(tensors, path, {"schema": "deadreckon-bundle 1", "torch": torch.__version__, "samples": str(len(each)), "meanLoss": repr(each.mean().item())})


def rows(module, x, gradient, n):
    if isinstance(module, torch.nn.Conv2d):
        if isinstance(module.padding, str) or module.padding_mode != "zeros":
            raise ValueError(f"a convolution with padding {module.padding!r} ({module.padding_mode}) is not dumped: leave it out of `layers`")
        x = torch.nn.functional.unfold(x, module.kernel_size, module.dilation, module.padding, module.stride).transpose(1, 2)
        gradient = gradient.flatten(2).transpose(1, 2)
    return x.reshape(n, -1, x.shape[-1]), gradient.reshape(n, -1, gradient.shape[-1])


def gram(a, d, bias):
    """K_ij = sum_ts (a_it . a_js + bias) (delta_it . delta_js), a row at a time."""
    return torch.stack([torch.einsum("tjs,tjs->j", torch.einsum("tp,jsp->tjs", x, a) + bias, torch.einsum("tq,jsq->tjs", y, d)) for x, y in zip(a, d)])
