"""The peer of bench:prepare: Pillow in a process pool. Answers each JSON line with what one round took."""

import json
import os
import sys
import time
from multiprocessing import Pool

from PIL import Image, ImageOps, __version__


def prepare(task):
    path, width, height, draft = task
    with Image.open(path) as picture:
        if draft:
            # Lets libjpeg decode at a half, quarter or eighth, at least as large as asked for.
            picture.draft("RGB", (width, height))
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        return len(ImageOps.fit(upright, (width, height), Image.Resampling.LANCZOS).tobytes())


def main():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with Pool(cores) as pool:
        for line in sys.stdin:
            task = json.loads(line)
            paths = [os.path.join(folder, name) for folder, _, names in os.walk(task["folder"]) for name in names]
            start = time.perf_counter()
            jobs = [(path, task["width"], task["height"], task["draft"]) for path in sorted(paths)]
            sizes = pool.map(prepare, jobs, chunksize=8)
            seconds = time.perf_counter() - start
            print(json.dumps({"count": len(sizes), "seconds": seconds, "peer": f"Pillow {__version__}"}), flush=True)


if __name__ == "__main__":
    main()
