"""PyTorch's part of ``bench_engines``, run by a Python with PyTorch: ``torch_engines.py NETWORK WEIGHTS PHOTOS``.

EfficientNet-Lite in plain PyTorch, without its top, with the weights of the Keras network. Answers lines of stdin with
lines of JSON: ``make WAY FILE`` makes a way to run it and writes its outputs for all photos to the file; ``run WAY``
passes all photos through it and says the wall and CPU seconds. Nothing of Graft is imported here, because the two
environments need not share packages.

Every way runs as its users would: ``eval()``, ``inference_mode()``, batches of 32, PyTorch's default threads.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

BATCH = 32
BN_EPSILON = 1e-3


class SamePadding(nn.Module):
    """Zeros before a convolution as TensorFlow adds them: where their number is odd, one more at the end."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        (top, bottom), (left, right) = (self._zeros(side) for side in x.shape[-2:])
        return functional.pad(x, (left, right, top, bottom))

    def _zeros(self, side: int) -> tuple[int, int]:
        missing = max(0, (-(-side // self.stride) - 1) * self.stride + self.kernel - side)
        return missing // 2, missing - missing // 2


class Convolution(nn.Sequential):
    """A convolution without bias, normalised, with ReLU6 where there is an ``activation``; named as in Keras."""

    def __init__(
        self, keras_name: str, channels: int, filters: int, kernel: int, stride: int = 1, activation: bool = True,
        groups: int = 1,
    ) -> None:  # fmt: skip
        inside = kernel // 2 if stride == 1 else 0
        super().__init__(
            *([] if stride == 1 else [SamePadding(kernel, stride)]),
            nn.Conv2d(channels, filters, kernel, stride, inside, groups=groups, bias=False),
            nn.BatchNorm2d(filters, eps=BN_EPSILON),
            *([nn.ReLU6(inplace=True)] if activation else []),
        )
        self.keras_name = keras_name

    def load(self, weights: dict[str, np.ndarray]) -> None:
        """Takes the weights of the Keras layers ``<name>_conv`` and ``<name>_bn``."""
        convolution = next(part for part in self if isinstance(part, nn.Conv2d))
        norm = next(part for part in self if isinstance(part, nn.BatchNorm2d))
        kernel = weights[f"{self.keras_name}_conv.0"]
        axes = (2, 3, 0, 1) if convolution.groups > 1 else (3, 2, 0, 1)
        convolution.weight.data = torch.from_numpy(np.ascontiguousarray(kernel.transpose(axes)))
        values = [torch.from_numpy(weights[f"{self.keras_name}_bn.{index}"]) for index in range(4)]
        norm.weight.data, norm.bias.data, norm.running_mean, norm.running_var = values


class Block(nn.Module):
    """One inverted residual block."""

    def __init__(self, name: str, channels: int, filters: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        wide = channels * expand
        self.parts = nn.Sequential(
            *([Convolution(f"{name}_expand", channels, wide, 1)] if expand > 1 else []),
            Convolution(f"{name}_depthwise", wide, wide, kernel, stride, groups=wide),
            Convolution(f"{name}_project", wide, filters, 1, activation=False),
        )
        self.residual = stride == 1 and channels == filters

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.parts(x) if self.residual else self.parts(x)


class Lite(nn.Module):
    """Pixels of 0 to 255 (n, 3, size, size) in; pooled features (n, head) out."""

    def __init__(self, blocks: list[dict], stem: int, head: int) -> None:
        super().__init__()
        channels = [stem, *(block["filters"] for block in blocks)]
        self.stem = Convolution("stem", 3, stem, 3, 2)
        self.blocks = nn.Sequential(*(Block(channels=n, **block) for n, block in zip(channels, blocks, strict=False)))
        self.head = Convolution("head", channels[-1], head, 1)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(self.stem((pixels - 127) / 128))).mean((2, 3))


Run = Callable[[np.ndarray], np.ndarray]


def eager(network: nn.Module, layout: torch.memory_format) -> Run:
    return partial(_in_batches, network.to(memory_format=layout), layout)


def compiled(network: nn.Module, layout: torch.memory_format, freezing: bool) -> Run:
    """``freezing`` makes the weights constants, which PyTorch advises for inference on a CPU."""
    import torch._inductor.config as inductor

    inductor.freezing = freezing
    return partial(_in_batches, torch.compile(network.to(memory_format=layout)), layout)


def _in_batches(run: Callable, layout: torch.memory_format, photos: np.ndarray) -> np.ndarray:
    outputs = []
    with torch.inference_mode():
        for first in range(0, len(photos), BATCH):
            pixels = torch.from_numpy(photos[first : first + BATCH]).permute(0, 3, 1, 2).float()
            outputs.append(run(pixels.contiguous(memory_format=layout)).numpy())
    return np.concatenate(outputs)


WAYS: dict[str, Callable[[nn.Module], Run]] = {
    "eager": partial(eager, layout=torch.contiguous_format),
    "eager-last": partial(eager, layout=torch.channels_last),
    "compile": partial(compiled, layout=torch.contiguous_format, freezing=False),
    "compile-last": partial(compiled, layout=torch.channels_last, freezing=False),
    "compile-frozen": partial(compiled, layout=torch.channels_last, freezing=True),
}


def main(description: str, weights_file: str, photos_file: str) -> None:
    """Of the network (``Lite``'s arguments as JSON), its Keras weights by layer (.npz) and the photos (.npy)."""
    photos, ways = np.load(photos_file), {}
    with np.load(weights_file) as weights:
        tensors = dict(weights)

    def network() -> nn.Module:
        made = Lite(**json.loads(Path(description).read_text()))
        for part in made.modules():
            if isinstance(part, Convolution):
                part.load(tensors)
        return made.eval()

    for line in sys.stdin:
        verb, way, *target = line.split()
        wall, cpu = time.perf_counter(), time.process_time()
        if verb == "make":
            ways[way] = WAYS[way](network())
        outputs = ways[way](photos)
        taken = [time.perf_counter() - wall, time.process_time() - cpu]
        if target:
            np.save(target[0], outputs)
        print(json.dumps(taken), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
