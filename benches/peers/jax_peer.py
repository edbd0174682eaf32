"""JAX beside ours: the same training, a line of JSON for each epoch. run.py starts it.

An epoch is one jitted scan; more learners are vmapped.
"""

import platform
import sys
import time

import jax
import jax.numpy as jnp
from mnist import RATE, WIDTHS, arguments, load, say

options = arguments(__doc__, ["scan"])
versions = {"python": platform.python_version(), "jax": jax.__version__}


def devices_of(kind: str) -> list:
    try:
        return jax.devices(kind)
    except RuntimeError:
        return []


if options.probe:
    found = [("cpu", d) for d in devices_of("cpu")[:1]] + [("cuda", d) for d in devices_of("cuda")[:1]]
    say(program="jax", versions=versions, devices=[{"device": n, "name": d.device_kind} for n, d in found])
    sys.exit()

device = jax.devices(options.device)[0]
jax.config.update("jax_default_device", device)
jax.config.update("jax_default_matmul_precision", "highest")
learners, batch = options.learners, options.batch
images, labels = (jnp.array(a) for a in load(options.data, "train"))
test_images, test_labels = (jnp.array(a) for a in load(options.data, "t10k"))
steps = len(images) // batch


def fresh(key):
    def layer(key, inputs, outputs):
        bound = (6 / inputs) ** 0.5
        return jax.random.uniform(key, (inputs, outputs), minval=-bound, maxval=bound), jnp.zeros(outputs)

    return [layer(*made) for made in zip(jax.random.split(key, 3), WIDTHS, WIDTHS[1:])]


def logits(layers, x):
    *hidden, (weight, bias) = layers
    for w, b in hidden:
        x = jax.nn.relu(x @ w + b)
    return x @ weight + bias


def loss(layers, x, y):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits(layers, x)), y[:, None], axis=1).mean()


def epoch_of(layers, key, images, labels):
    order = jax.random.permutation(key, len(images))[: steps * batch].reshape(steps, batch)

    def step(layers, samples):
        gradients = jax.grad(loss)(layers, images[samples], labels[samples])
        return jax.tree.map(lambda w, g: w - RATE * g, layers, gradients), None

    return jax.lax.scan(step, layers, order)[0]


@jax.jit
def accuracy_of(population):
    right = jax.vmap(lambda layers: (logits(layers, test_images).argmax(1) == test_labels).mean())
    return right(population).mean()


keys = jax.random.split(jax.random.key(options.seed), learners)
population = jax.vmap(fresh)(keys)
if learners == 1:  # without the learner axis, which would make plain products batched ones
    population = jax.tree.map(lambda a: a[0], population)
    train = jax.jit(lambda layers, keys, *data: epoch_of(layers, keys[0], *data), donate_argnums=0)
else:
    train = jax.jit(jax.vmap(epoch_of, in_axes=(0, 0, None, None)), donate_argnums=0)
train = train.lower(population, keys, images, labels).compile()
say(program="jax", ready=True)

for epoch in range(1, options.epochs + 1):
    keys = jax.vmap(lambda key: jax.random.fold_in(key, epoch))(keys)
    jax.block_until_ready((population, keys))
    start = time.perf_counter()
    population = jax.block_until_ready(train(population, keys, images, labels))
    seconds = time.perf_counter() - start
    seen = population if learners > 1 else jax.tree.map(lambda a: a[None], population)
    say(
        program="jax",
        mode="scan" if learners == 1 else "vmap of scan",
        device=device.device_kind,
        learners=learners,
        batch=batch,
        epoch=epoch,
        seconds=seconds,
        steps=steps,
        accuracy=float(accuracy_of(seen)),
        compiled_in_first=False,
        versions=versions,
    )
