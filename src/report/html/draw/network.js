// Networks of dense layers with ReLU between them: decoding, answers, and slopes. Weights are what
// 16 bits hold, values are doubles.

/** The value of a finite 16-bit float. */
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The bytes behind base64. */
function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** A network from its widths and its weights: per layer W [outputs, inputs], then b [outputs]. */
function decode({ title, widths, weights }) {
  const packed = bytes(weights);
  const numbers = new Float32Array(packed.length / 2);
  for (let i = 0; i < numbers.length; i++) {
    numbers[i] = half(packed[2 * i] | (packed[2 * i + 1] << 8));
  }
  let start = 0;
  const take = (count) => numbers.subarray(start, (start += count));
  const layers = widths.slice(1).map((outputs, number) => {
    const inputs = widths[number];
    return { inputs, outputs, weights: take(inputs * outputs), biases: take(outputs) };
  });
  return { title, layers };
}

/** x Wᵀ + b, without what is below zero if `relu`. */
function dense({ inputs, outputs, weights, biases }, input, relu) {
  const output = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    const row = o * inputs;
    let sum = biases[o];
    for (let i = 0; i < inputs; i++) sum += weights[row + i] * input[i];
    output[o] = relu ? Math.max(0, sum) : sum;
  }
  return output;
}

/** The values of every layer: pixels from 0 to 1 first, logits last. */
function forward({ layers }, pixels) {
  const values = [pixels];
  for (const layer of layers) {
    const relu = values.length < layers.length;
    values.push(dense(layer, values[values.length - 1], relu));
  }
  return values;
}

function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** The slopes of Σ `weighted` · logits in the values of every layer, in the order of `forward`. */
function slopes({ layers }, values, weighted) {
  const all = [weighted];
  for (let number = layers.length - 1; number >= 0; number--) {
    const { inputs, outputs, weights } = layers[number];
    const above = all[0];
    const below = new Float64Array(inputs);
    for (let o = 0; o < outputs; o++) {
      if (!passes(layers, values, number, o)) continue;
      for (let i = 0; i < inputs; i++) below[i] += above[o] * weights[o * inputs + i];
    }
    all.unshift(below);
  }
  return all;
}

/** Whether a layer's output changes with its input: a neuron below zero does not. */
function passes(layers, values, number, output) {
  return number === layers.length - 1 || values[number + 1][output] > 0;
}

/**
 * What a class's logit is made of: `terms`, for each neuron of the first hidden layer its value times the
 * logit's slope in it, and `biases`, the part of the later layers' biases. They add up to the logit, for the
 * network is linear near the image.
 */
function contributions(network, values, label) {
  const { layers } = network;
  const logits = values[values.length - 1];
  const unit = Float64Array.from(logits, (_, other) => (other === label ? 1 : 0));
  const slope = slopes(network, values, unit);
  let biases = 0;
  for (let number = 1; number < layers.length; number++) {
    layers[number].biases.forEach((bias, o) => {
      if (passes(layers, values, number, o)) biases += bias * slope[number + 1][o];
    });
  }
  const terms = values[1].map((value, neuron) => value * slope[1][neuron]);
  return { terms, biases, logit: logits[label] };
}

/**
 * The pixels after a step of length `step` along the gradient of log p(label), or against it where `step` is
 * negative; none leaves 0 to 1.
 */
function nudge(network, pixels, label, step) {
  const values = forward(network, pixels);
  const shares = softmax(values[values.length - 1]);
  const error = shares.map((share, other) => (other === label ? 1 : 0) - share);
  const slope = slopes(network, values, error)[0];
  const length = Math.hypot(...slope);
  if (!(length > 0)) return pixels;
  return pixels.map((pixel, i) => Math.min(1, Math.max(0, pixel + (step * slope[i]) / length)));
}
