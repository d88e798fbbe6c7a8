"""The PyTorch side of the training-step benchmark: the same plain CNN, timed step by step on request.

Reads one JSON object a line from standard input and answers one a line:
  {"channels", "size", "widths", "classes", "batch", "threads", "layout"}  ->  {"peer": "torch 2.13.0"}   builds the network
  {"steps": n}                                                            ->  {"seconds": [...]}         times n steps
  {}                                                                      ->  {"peakBytes": n}           and ends
"""

import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional


def network(channels, widths, classes):
    layers, previous = [], channels
    for width in widths:
        for _ in range(2):
            layers += [nn.Conv2d(previous, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            previous = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(previous, classes))


def main():
    setup = json.loads(sys.stdin.readline())
    torch.manual_seed(0)
    torch.set_num_threads(setup["threads"])
    model = network(setup["channels"], setup["widths"], setup["classes"])
    x = torch.randn(setup["batch"], setup["channels"], setup["size"], setup["size"])
    y = torch.randint(0, setup["classes"], (setup["batch"],))
    if setup["layout"] == "nhwc":
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    print(json.dumps({"peer": f"torch {torch.__version__} {setup['layout']}"}), flush=True)
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
