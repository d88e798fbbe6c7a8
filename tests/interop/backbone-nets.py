"""Writes small nets of the usual families as ONNX files, as several tools write them, into a folder:
NAME.onnx, and for some NAME.json with PyTorch's gradients of sum(outputs * weights). What cannot be
written here is listed with its reason in the JSON that is printed."""

import json
import logging
import os
import sys
import warnings

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from torch import nn

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
folder = sys.argv[1]


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        )
        self.blocks = nn.Sequential(BasicBlock(8, 8, 1), BasicBlock(8, 16, 2))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, 5)

    def forward(self, x):
        return self.fc(torch.flatten(self.pool(self.blocks(self.stem(x))), 1))


class SqueezeExcite(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.fc2(F.relu(self.fc1(self.pool(x)))))


class MobileNetV3(nn.Module):
    """An inverted residual with squeeze and excitation, and HardSwish."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8, eps=1e-3), nn.Hardswish())
        self.expand = nn.Sequential(nn.Conv2d(8, 24, 1, bias=False), nn.BatchNorm2d(24, eps=1e-3), nn.Hardswish())
        self.depthwise = nn.Sequential(
            nn.Conv2d(24, 24, 5, 1, 2, groups=24, bias=False), nn.BatchNorm2d(24, eps=1e-3), nn.ReLU6()
        )
        self.se = SqueezeExcite(24, 8)
        self.project = nn.Sequential(nn.Conv2d(24, 8, 1, bias=False), nn.BatchNorm2d(8, eps=1e-3))
        self.head = nn.Sequential(nn.Linear(8, 16), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(16, 5))

    def forward(self, x):
        x = self.stem(x)
        x = x + self.project(self.se(self.depthwise(self.expand(x))))
        return self.head(x.mean([2, 3]))


class EfficientNet(nn.Module):
    """SiLU, squeeze and excitation by sigmoid, as EfficientNet's blocks."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, 8, 3, 2, bias=False), nn.BatchNorm2d(8), nn.SiLU())
        self.depthwise = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1, groups=8, bias=False), nn.BatchNorm2d(8), nn.SiLU())
        self.fc1 = nn.Conv2d(8, 2, 1)
        self.fc2 = nn.Conv2d(2, 8, 1)
        self.project = nn.Sequential(nn.Conv2d(8, 8, 1, bias=False), nn.BatchNorm2d(8))
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        y = self.depthwise(x)
        gate = torch.sigmoid(self.fc2(F.silu(self.fc1(F.adaptive_avg_pool2d(y, 1)))))
        x = x + self.project(y * gate)
        return F.log_softmax(self.fc(F.adaptive_avg_pool2d(x, 1).view(x.size(0), -1)), dim=1)


class SqueezeNet(nn.Module):
    """Fire modules, with pooling that rounds up, as SqueezeNet's."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True))
        self.squeeze = nn.Conv2d(8, 4, 1)
        self.left = nn.Conv2d(4, 6, 1)
        self.right = nn.Conv2d(4, 6, 3, padding=1)
        self.average = nn.AvgPool2d(2, 2, ceil_mode=True)
        self.last = nn.Conv2d(12, 5, 1)
        self.prelu = nn.PReLU(12)

    def forward(self, x):
        x = F.relu(self.squeeze(self.stem(x)))
        x = torch.cat([F.elu(self.left(x)), F.leaky_relu(self.right(x), 0.1)], 1)
        x = self.average(self.prelu(x))
        return torch.flatten(F.adaptive_avg_pool2d(F.relu(self.last(x)), 1), 1)


class LayerNorm2d(nn.LayerNorm):
    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        return super().forward(x).permute(0, 3, 1, 2)


class ConvNeXt(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 4, 4), LayerNorm2d(8, eps=1e-6))
        self.depthwise = nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm = nn.LayerNorm(8, eps=1e-6)
        self.up = nn.Linear(8, 32)
        self.down = nn.Linear(32, 8)
        self.scale = nn.Parameter(torch.full((8, 1, 1), 0.5))
        self.last = nn.LayerNorm(8)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.down(F.gelu(self.up(y))).permute(0, 3, 1, 2)
        x = x + self.scale * y
        return self.fc(self.last(x.mean([-2, -1])))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x):
        batch, length, width = x.shape
        qkv = self.qkv(x).reshape(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        scores = (q @ k.transpose(-2, -1)) * (width // self.heads) ** -0.5
        y = scores.softmax(dim=-1) @ v
        return self.out(y.transpose(1, 2).reshape(batch, length, width))


class ViT(nn.Module):
    """Patches, a class token that is expanded to the batch, learned positions, one encoder block."""

    def __init__(self, attention=Attention):
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 8, 8)
        self.token = nn.Parameter(torch.randn(1, 1, 16) * 0.1)
        self.positions = nn.Parameter(torch.randn(1, 17, 16) * 0.1)
        self.norm1 = nn.LayerNorm(16, eps=1e-6)
        self.attention = attention(16, 4)
        self.norm2 = nn.LayerNorm(16, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Dropout(0.1), nn.Linear(32, 16))
        self.norm = nn.LayerNorm(16, eps=1e-6)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions
        x = x + self.attention(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return self.head(self.norm(x)[:, 0])


class TorchAttention(nn.Module):
    """PyTorch's own attention, as torchvision's ViT uses it."""

    def __init__(self, width, heads):
        super().__init__()
        self.inner = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x):
        return self.inner(x, x, x, need_weights=False)[0]


nets = {
    "resnet": ResNet,
    "mobilenet-v3": MobileNetV3,
    "efficientnet": EfficientNet,
    "squeezenet": SqueezeNet,
    "convnext": ConvNeXt,
    "vit": ViT,
    "vit-mha": lambda: ViT(TorchAttention),
}
skipped = {}


def prepared(name):
    torch.manual_seed(7)
    net = nets[name]().eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.3, 0.3)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.2, 0.2)
        if isinstance(module, nn.LayerNorm):
            # Equal initializers would be written once.
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.2, 0.2)
    return net


def picture():
    return torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def export_old(name, opset, **more):
    path = os.path.join(folder, f"{name}-old{opset}{'-parameters' if more else ''}.onnx")
    axes = {"x": {0: "batch"}, "y": {0: "batch"}}
    options = {"opset_version": opset, "input_names": ["x"], "output_names": ["y"], "dynamic_axes": axes}
    torch.onnx.export(prepared(name), (picture(),), path, dynamo=False, **options, **more)
    return path


def export_new(name):
    path = os.path.join(folder, f"{name}-new.onnx")
    shapes = {"x": {0: torch.export.Dim("batch")}}
    options = {"input_names": ["x"], "output_names": ["y"], "dynamic_shapes": shapes, "external_data": False}
    torch.onnx.export(prepared(name), (picture(),), path, dynamo=True, verbose=False, **options)
    return path


def tried(title, work):
    try:
        work()
    except Exception as error:  # noqa: BLE001
        skipped[title] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def with_gradients(name):
    """The net with its parameters as initializers of their own names, and PyTorch's gradients of them."""
    path = export_old(
        name, 17, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False, keep_initializers_as_inputs=False
    )
    net = prepared(name)
    x = picture().requires_grad_()
    y = net(x)
    weights = torch.linspace(-1, 1, y.numel()).reshape(y.shape)
    (y * weights).sum().backward()
    gradients = {key: value.grad.flatten().tolist() for key, value in net.named_parameters()}
    gradients["x"] = x.grad.flatten().tolist()
    record = {
        "x": picture().flatten().tolist(),
        "weights": weights.flatten().tolist(),
        "y": y.flatten().tolist(),
        "gradients": gradients,
    }
    with open(path.replace(".onnx", ".json"), "w") as file:
        json.dump(record, file)


def random(*shape, seed=3, scale=0.3):
    return (np.random.default_rng(seed + sum(shape)).standard_normal(shape) * scale).astype(np.float32)


def save(name, nodes, inputs, outputs, initializers, opset, **more):
    def infos(types):
        return [helper.make_tensor_value_info(key, TensorProto.FLOAT, shape) for key, shape in types.items()]

    tensors = [numpy_helper.from_array(value, key) for key, value in initializers.items()]
    graph = helper.make_graph(nodes, name, infos(inputs), infos(outputs), tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=more.get("ir", 8))
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(folder, f"{name}.onnx"))


def nhwc():
    """A Keras net as tf2onnx writes it: NHWC outside, a Transpose on each side of what needs NCHW."""
    node = helper.make_node
    nodes = [
        node("Transpose", ["input:0"], ["x_nchw"], perm=[0, 3, 1, 2]),
        node("Pad", ["x_nchw", "pads"], ["padded"]),
        node("Conv", ["padded", "conv/kernel"], ["conv"], kernel_shape=[3, 3], strides=[2, 2]),
        node("Transpose", ["conv"], ["conv_nhwc"], perm=[0, 2, 3, 1]),
        node("Mul", ["conv_nhwc", "bn/gamma"], ["scaled"]),
        node("Add", ["scaled", "bn/beta"], ["normal"]),
        node("Clip", ["normal", "zero", "six"], ["relu6"]),
        node("Transpose", ["relu6"], ["relu6_nchw"], perm=[0, 3, 1, 2]),
        node("Conv", ["relu6_nchw", "depthwise/kernel"], ["depthwise"], group=8, auto_pad="SAME_UPPER", strides=[2, 2], kernel_shape=[3, 3]),
        node("MaxPool", ["depthwise"], ["pooled"], auto_pad="SAME_UPPER", strides=[2, 2], kernel_shape=[3, 3]),
        node("Transpose", ["pooled"], ["features"], perm=[0, 2, 3, 1]),
        node("ReduceMean", ["features"], ["mean"], axes=[1, 2], keepdims=0),
        node("Shape", ["mean"], ["mean_shape"]),
        node("Cast", ["mean_shape"], ["mean_shape_int"], to=TensorProto.INT32),
        node("Slice", ["mean_shape_int", "at0", "at1", "axis0"], ["rows"]),
        node("Concat", ["rows", "rest"], ["target_int"], axis=0),
        node("Cast", ["target_int"], ["target"], to=TensorProto.INT64),
        node("Reshape", ["mean", "target"], ["flat"]),
        node("MatMul", ["flat", "dense/kernel"], ["dense"]),
        node("Add", ["dense", "dense/bias"], ["logits"]),
        node("Softmax", ["logits"], ["Identity:0"], axis=1),
    ]
    tensors = {
        "pads": np.array([0, 0, 0, 0, 0, 0, 1, 1], np.int64),
        "conv/kernel": random(8, 3, 3, 3),
        "bn/gamma": random(8),
        "bn/beta": random(8, seed=4),
        "zero": np.array(0, np.float32),
        "six": np.array(6, np.float32),
        "depthwise/kernel": random(8, 1, 3, 3),
        "at0": np.array([0], np.int32),
        "at1": np.array([1], np.int32),
        "axis0": np.array([0], np.int32),
        "rest": np.array([8], np.int32),
        "dense/kernel": random(8, 5),
        "dense/bias": random(5),
    }
    save("nhwc-tf", nodes, {"input:0": ["unk__1", 33, 32, 3]}, {"Identity:0": ["unk__1", 5]}, tensors, 15)


def opset9():
    """Everything that was written in another way before opset 10 to 13."""
    node = helper.make_node
    nodes = [
        node("Pad", ["x"], ["padded"], pads=[0, 0, 1, 1, 0, 0, 1, 1], mode="constant", value=0.0),
        node("Conv", ["padded", "w"], ["conv"], kernel_shape=[3, 3]),
        node("BatchNormalization", ["conv", "gamma", "beta", "mean", "variance"], ["bn"], epsilon=1e-3, momentum=0.9),
        node("Clip", ["bn"], ["relu6"], min=0.0, max=6.0),
        node("Slice", ["relu6"], ["sliced"], starts=[0, 1], ends=[30, 31], axes=[2, 3]),
        node("Upsample", ["sliced", "scales"], ["large"], mode="nearest"),
        node("AveragePool", ["large"], ["average"], kernel_shape=[4, 4], strides=[4, 4]),
        node("Split", ["average"], ["left", "right"], axis=1, split=[3, 5]),
        node("Concat", ["right", "left"], ["joined"], axis=1),
        node("Dropout", ["joined"], ["dropped"], ratio=0.4),
        node("GlobalAveragePool", ["dropped"], ["global"]),
        node("Squeeze", ["global"], ["squeezed"], axes=[2, 3]),
        node("Unsqueeze", ["squeezed"], ["wide"], axes=[2]),
        node("ReduceSum", ["wide"], ["summed"], axes=[2], keepdims=0),
        node("Softmax", ["wide"], ["coerced"]),
        node("Squeeze", ["coerced"], ["attention"], axes=[2]),
        node("Mul", ["summed", "attention"], ["weighed"]),
        node("Gemm", ["weighed", "fc", "bias"], ["y"], transB=1),
    ]
    tensors = {
        "w": random(8, 3, 3, 3),
        "gamma": random(8),
        "beta": random(8, seed=4),
        "mean": random(8, seed=5),
        "variance": np.abs(random(8, seed=6)) + 0.5,
        "scales": np.array([1, 1, 2, 2], np.float32),
        "fc": random(5, 8),
        "bias": random(5),
    }
    save("opset9", nodes, {"x": ["N", 3, 32, 32]}, {"y": ["N", 5]}, tensors, 9, ir=4)


def quantised():
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.left = [{"x": picture().numpy()}]

        def get_next(self):
            return self.left.pop() if self.left else None

    source = os.path.join(folder, "resnet-old17.onnx")
    quantize_static(source, os.path.join(folder, "resnet-qdq.onnx"), Reader(), quant_format=QuantFormat.QDQ)


for name in nets:
    for opset in (11, 17):
        tried(f"{name}-old{opset}", lambda: export_old(name, opset))
    tried(f"{name}-new", lambda: export_new(name))
for name in ("resnet", "mobilenet-v3", "efficientnet", "squeezenet", "convnext", "vit"):
    tried(f"{name}-gradients", lambda: with_gradients(name))
tried("nhwc-tf", nhwc)
tried("opset9", opset9)
tried("resnet-qdq", quantised)
print(json.dumps({"skipped": skipped}))
