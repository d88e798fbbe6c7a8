"""The second peer of bench:serve: FastAPI as a careful user sets it up. One process for each core, uvloop and httptools, ONNX Runtime with one
thread in each process, and Pillow that decodes JPEGs at a reduced size (draft) and shrinks in two steps (reducing_gap).

It runs the very bundles that Pawprint serves. POST /predict takes {"image": [[784 numbers]]}, POST /predict/file a form with one picture file.
"""
import io
import os

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI, HTTPException, UploadFile
from PIL import Image, ImageOps
from pydantic import BaseModel

app = FastAPI()
SIDE = 64


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


digit_net = session(os.environ["PAWPRINT_PEER_DIGITS"])
pet_net = session(os.environ["PAWPRINT_PEER_PETS"])


class Digit(BaseModel):
    image: list[list[float]]


def respond(network, pictures):
    [probabilities] = network.run(["probabilities"], {"pictures": pictures})[0]
    best = int(probabilities.argmax())
    return {"prediction": best, "probabilities": probabilities.tolist(), "confidence": float(probabilities[best])}


@app.get("/health")
async def health():
    return {"status": "healthy", "model_loaded": True}


# Coroutines: with one process for each core, a pool of threads in each only adds switches.
@app.post("/predict")
async def predict(digit: Digit):
    numbers = np.asarray(digit.image, dtype=np.float32)
    if numbers.size != 784:
        raise HTTPException(422, "784 numbers")
    return respond(digit_net, np.rint(numbers * 255).astype(np.uint8).reshape(1, 28, 28, 1))


@app.post("/predict/file")
async def predict_file(file: UploadFile):
    picture = Image.open(io.BytesIO(await file.read()))
    picture.draft("RGB", (SIDE, SIDE))
    picture = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    # Turned when it is small; the recipe stretches, so that both orders give the same frame.
    picture = ImageOps.exif_transpose(picture)
    return respond(pet_net, np.asarray(picture)[None])
