"""PyTorch beside ours: the same training, a line of JSON for each epoch. run.py starts it.

eager: step by step. compile: the whole step under torch.compile. graph: the whole step, gathering
of its samples included, as a CUDA graph. More learners are a leading axis of every weight.
"""

import platform
import sys
import time

import torch
from mnist import RATE, WIDTHS, arguments, load, say

options = arguments(__doc__, ["eager", "compile", "graph"])
versions = {"python": platform.python_version(), "torch": torch.__version__}
if torch.cuda.is_available():
    versions["cudnn"] = str(torch.backends.cudnn.version())
if options.probe:
    devices = [{"device": "cpu"}]
    if torch.cuda.is_available():
        devices.append({"device": "cuda", "name": torch.cuda.get_device_name()})
    say(program="torch", versions=versions, devices=devices)
    sys.exit()

torch.manual_seed(options.seed)
torch.set_float32_matmul_precision("highest")
device, learners, batch = torch.device(options.device), options.learners, options.batch
on_gpu = device.type == "cuda"


class Layers(torch.nn.Module):
    """A dense layer of every learner: [learners, rows, inputs] to [learners, rows, outputs]."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.empty(learners, inputs, outputs))
        self.bias = torch.nn.Parameter(torch.empty(learners, 1, outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.baddbmm(self.bias, x, self.weight)


def network() -> torch.nn.Sequential:
    layer = torch.nn.Linear if learners == 1 else Layers
    layers = []
    for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):
        made = layer(inputs, outputs)
        bound = (6 / inputs) ** 0.5
        torch.nn.init.uniform_(made.weight, -bound, bound)
        torch.nn.init.zeros_(made.bias)
        layers += [made, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1]).to(device)


def wait() -> None:
    if on_gpu:
        torch.cuda.synchronize()


images, labels = (torch.from_numpy(a).to(device) for a in load(options.data, "train"))
test_images, test_labels = (torch.from_numpy(a).to(device) for a in load(options.data, "t10k"))
labels, test_labels = labels.long(), test_labels.long()
net = network()
sgd = torch.optim.SGD(net.parameters(), lr=RATE)


def step(samples: torch.Tensor) -> None:
    """samples: [batch], or [learners, batch]."""
    sgd.zero_grad(set_to_none=True)
    logits = net(images[samples]).flatten(0, -2)
    loss = torch.nn.functional.cross_entropy(logits, labels[samples].flatten(), reduction="sum") / batch
    loss.backward()
    sgd.step()


def graph_of_step():
    """The step as a CUDA graph. The steps that warm it up are taken back."""
    shape = (batch,) if learners == 1 else (learners, batch)
    samples = torch.zeros(shape, dtype=torch.long, device=device)
    kept = [p.detach().clone() for p in net.parameters()]
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step(samples)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step(samples)
    with torch.no_grad():
        for parameter, before in zip(net.parameters(), kept):
            parameter.copy_(before)

    def replay(new_samples: torch.Tensor) -> None:
        samples.copy_(new_samples)
        graph.replay()

    return replay


take_step = step
if options.mode == "compile":
    take_step = torch.compile(step, mode="max-autotune-no-cudagraphs" if on_gpu else None)
if options.mode == "graph":
    take_step = graph_of_step()

steps = len(images) // batch
for epoch in range(1, options.epochs + 1):
    wait()
    start = time.perf_counter()
    orders = [torch.randperm(len(images), device=device) for _ in range(learners)]
    order = orders[0] if learners == 1 else torch.stack(orders)
    for number in range(steps):
        take_step(order[..., number * batch : (number + 1) * batch])
        if epoch == 1 and number == 0:
            wait()
            say(program="torch", ready=True)
    wait()
    seconds = time.perf_counter() - start
    with torch.no_grad():
        seen = test_images if learners == 1 else test_images.expand(learners, -1, -1)
        accuracy = (net(seen).argmax(-1) == test_labels).float().mean().item()
    say(
        program="torch",
        mode=options.mode,
        device=torch.cuda.get_device_name() if on_gpu else "cpu",
        learners=learners,
        batch=batch,
        epoch=epoch,
        seconds=seconds,
        steps=steps,
        accuracy=accuracy,
        compiled_in_first=True,
        versions=versions,
    )
