"""The Python side of the transfer benchmark: what a data scientist writes with Pillow, onnxruntime and PyTorch.

Reads one JSON object a line from standard input and answers one a line:
  {"model", "layer", "folder", "perClass", "threads"}  ->  {"seconds", "accuracy", "peer"}

Decodes, resizes and crops the pictures below folder/train and folder/test, computes the features of each one once, and
fits a logistic head with L2 regularisation, whose strength is chosen on a tenth of the training pictures.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import torch
from PIL import Image

SIDE = 224


def picture(path):
    with Image.open(path) as opened:
        opened.draft("RGB", (SIDE * 2, SIDE * 2))
        image = opened.convert("RGB")
    width, height = image.size
    scale = SIDE / min(width, height)
    image = image.resize((max(SIDE, round(width * scale)), max(SIDE, round(height * scale))), Image.LANCZOS)
    left, top = (image.size[0] - SIDE) // 2, (image.size[1] - SIDE) // 2
    pixels = np.asarray(image.crop((left, top, left + SIDE, top + SIDE)), dtype=np.float32)
    return pixels.transpose(2, 0, 1) / 127.5 - 1


def listed(folder, split, per_class):
    rows = []
    for target, label in enumerate(sorted(os.listdir(os.path.join(folder, split)))):
        names = sorted(os.listdir(os.path.join(folder, split, label)))
        rows += [(os.path.join(folder, split, label, name), target) for name in names[:per_class]]
    return rows


def features(session, layer, rows, pool):
    name = session.get_inputs()[0].name
    found = []
    for start in range(0, len(rows), 16):
        batch = np.stack(list(pool.map(lambda row: picture(row[0]), rows[start : start + 16])))
        found.append(session.run([layer], {name: batch})[0])
    return torch.from_numpy(np.concatenate(found)), torch.tensor([target for _, target in rows])


def fitted(x, y, decay, classes):
    layer = torch.nn.Linear(x.shape[1], classes)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(layer(x), y) + decay * (layer.weight**2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return layer


def run(task):
    started = time.perf_counter()
    torch.manual_seed(0)
    torch.set_num_threads(task["threads"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = task["threads"]
    session = onnxruntime.InferenceSession(task["model"], options, providers=["CPUExecutionProvider"])
    with ThreadPoolExecutor(task["threads"]) as pool:
        x, y = features(session, task["layer"], listed(task["folder"], "train", task["perClass"]), pool)
        test_x, test_y = features(session, task["layer"], listed(task["folder"], "test", None), pool)
    mean, std = x.mean(0), x.std(0) + 1e-6
    x, test_x = (x - mean) / std, (test_x - mean) / std
    classes = int(y.max()) + 1
    order = torch.randperm(len(x))
    held = max(classes, len(x) // 10)
    val, train = order[:held], order[held:]
    losses = {}
    for decay in (1e-1, 1e-2, 1e-3, 1e-4):
        layer = fitted(x[train], y[train], decay, classes)
        with torch.no_grad():
            losses[decay] = float(torch.nn.functional.cross_entropy(layer(x[val]), y[val]))
    layer = fitted(x, y, min(losses, key=losses.get), classes)
    with torch.no_grad():
        accuracy = float((layer(test_x).argmax(1) == test_y).float().mean())
    return {"seconds": time.perf_counter() - started, "accuracy": accuracy}


def main():
    for line in sys.stdin:
        task = json.loads(line)
        if not task:
            return
        peer = f"Pillow, onnxruntime {onnxruntime.__version__}, torch {torch.__version__}"
        print(json.dumps({**run(task), "peer": peer}), flush=True)


if __name__ == "__main__":
    main()
