"""The PyTorch side of the training-step benchmark: the same networks, timed step by step on request.

Reads one JSON object a line from standard input and answers one a line:
  a Setup of cases.ts with "layout"  ->  {"peer": "torch 2.13.0", "shapes": [...]}   builds the network
  {"steps": n}                       ->  {"seconds": [...]}                          times n steps
  {}                                 ->  {"peakBytes": n}                            and ends
"""

import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional


class Residual(nn.Module):
    """relu(branch(x) + shortcut(x)); without the relu where `activate` is off."""

    def __init__(self, branch, shortcut, activate):
        super().__init__()
        self.branch, self.shortcut, self.activate = branch, shortcut, activate

    def forward(self, x):
        y = self.branch(x) + self.shortcut(x)
        return functional.relu(y) if self.activate else y


def conv(channels, filters, kernel=3, stride=1, groups=1, bias=False):
    return nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups, bias=bias)


def cnn(channels, classes, widths):
    layers, previous = [], channels
    for width in widths:
        for _ in range(2):
            layers += [conv(previous, width), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            previous = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, *head(previous, classes))


def resnet(channels, classes, widths, blocks):
    layers, previous = [conv(channels, widths[0]), nn.BatchNorm2d(widths[0]), nn.ReLU(inplace=True)], widths[0]
    for index, width in enumerate(widths):
        for block in range(blocks):
            stride = 2 if index > 0 and block == 0 else 1
            branch = nn.Sequential(
                conv(previous, width, stride=stride), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
                conv(width, width), nn.BatchNorm2d(width),
            )
            same = stride == 1 and previous == width
            shortcut = nn.Identity() if same else nn.Sequential(conv(previous, width, 1, stride), nn.BatchNorm2d(width))
            layers.append(Residual(branch, shortcut, True))
            previous = width
    return nn.Sequential(*layers, *head(previous, classes))


def inverted_residuals(channels, classes, stem, stem_stride, stages, top, norm):
    """With batch norms, or with biases in their place as after folding."""

    def layer(c, filters, **geometry):
        return [conv(c, filters, **geometry, bias=not norm)] + ([nn.BatchNorm2d(filters)] if norm else [])

    layers, previous = [*layer(channels, stem, stride=stem_stride), nn.ReLU6(inplace=True)], stem
    for expansion, width, repeat, stage_stride in stages:
        for block in range(repeat):
            stride, inner, parts = stage_stride if block == 0 else 1, previous * expansion, []
            if expansion != 1:
                parts += [*layer(previous, inner, kernel=1), nn.ReLU6(inplace=True)]
            parts += [*layer(inner, inner, stride=stride, groups=inner), nn.ReLU6(inplace=True)]
            parts += layer(inner, width, kernel=1)
            branch = nn.Sequential(*parts)
            same = stride == 1 and previous == width
            layers.append(Residual(branch, nn.Identity(), False) if same else branch)
            previous = width
    layers += [*layer(previous, top, kernel=1), nn.ReLU6(inplace=True)]
    return nn.Sequential(*layers, *head(top, classes))


def mobilenet(channels, classes, stemWidth, stemStride, stages, headWidth):
    rows = [(s["expansion"], s["width"], s["repeat"], s["stride"]) for s in stages]
    return inverted_residuals(channels, classes, stemWidth, stemStride, rows, headWidth, norm=True)


def mobilenet_v2_folded(channels, classes):
    rows = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    return inverted_residuals(channels, classes, 32, 2, rows, 1280, norm=False)


def head(features, classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, classes)]


networks = {"cnn": cnn, "resnet": resnet, "mobilenet": mobilenet, "mobilenet-v2-folded": mobilenet_v2_folded}


def initialise(module):
    """As here: without batch norms, PyTorch's own start would let the activations fade to nothing."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def main():
    setup = json.loads(sys.stdin.readline())
    torch.manual_seed(0)
    torch.set_num_threads(setup["threads"])
    model = networks[setup["architecture"]](setup["channels"], setup["classes"], **setup["options"]).apply(initialise)
    x = torch.randn(setup["batch"], setup["channels"], setup["size"], setup["size"])
    y = torch.randint(0, setup["classes"], (setup["batch"],))
    if setup["layout"] == "nhwc":
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    shapes = sorted("x".join(map(str, parameter.shape)) for parameter in model.parameters())
    print(json.dumps({"peer": f"torch {torch.__version__} {setup['layout']}", "shapes": shapes}), flush=True)
    for line in sys.stdin:
        steps = json.loads(line).get("steps", 0)
        if steps == 0:
            print(json.dumps({"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)
            return
        seconds = []
        for _ in range(steps):
            start = time.perf_counter()
            optimizer.zero_grad(set_to_none=True)
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            seconds.append(time.perf_counter() - start)
        print(json.dumps({"seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
