"""The peer of bench:serve: FastAPI, uvicorn and PyTorch, as a service around a trained network is usually written.

POST /predict takes {"image": [[784 numbers]]}, POST /predict/file a form with one picture file. The networks have the shape of ours and random
weights: what is compared is the cost of an answer, not the answer.
"""
import io

import torch
from fastapi import FastAPI, HTTPException, UploadFile
from PIL import Image
from pydantic import BaseModel
from torch import nn

torch.set_num_threads(2)
app = FastAPI()


def classifier(channels, widths, classes):
    parts = []
    for width in widths:
        for source in (channels, width):
            parts += [nn.Conv2d(source, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        parts.append(nn.MaxPool2d(2))
        channels = width
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)).eval()


digit_net = classifier(1, (32, 64), 10)
pet_net = classifier(3, (32, 64, 128), 2)


class Digit(BaseModel):
    image: list[list[float]]


def respond(network, pictures):
    with torch.inference_mode():
        probabilities = network(pictures).softmax(1)[0]
    best = int(probabilities.argmax())
    return {"prediction": best, "probabilities": probabilities.tolist(), "confidence": float(probabilities[best])}


@app.get("/health")
def health():
    return {"status": "healthy", "model_loaded": True}


@app.post("/predict")
def predict(digit: Digit):
    numbers = [number for row in digit.image for number in row]
    if len(numbers) != 784:
        raise HTTPException(422, "784 numbers")
    return respond(digit_net, torch.tensor(numbers).view(1, 1, 28, 28))


@app.post("/predict/file")
def predict_file(file: UploadFile):
    picture = Image.open(io.BytesIO(file.file.read())).convert("RGB").resize((64, 64), Image.BILINEAR)
    pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(1, 64, 64, 3)
    return respond(pet_net, pixels.permute(0, 3, 1, 2).float() / 255)
