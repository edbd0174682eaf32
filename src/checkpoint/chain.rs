//! Which tensors are a layer, and in which order layers follow each other.

use crate::data::PIXELS;
use crate::record::CLASSES;

/// The widths of a dense layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Widths {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
}

/// The most layers of a network.
const MOST: usize = 9;

/// What is left of a tensor's name without the word that says whether it is weights or biases:
/// "net.0.weight" is of "net.0", "W1" of "1".
pub(super) fn layer(name: &str) -> String {
    const WORDS: [&str; 5] = ["weights", "weight", "biases", "bias", "kernel"];
    let lower = name.to_lowercase();
    let separators = ['.', '_', '/', ':', '-'];
    for word in WORDS {
        if let Some(at) = lower.rfind(word) {
            let left = format!("{}{}", &lower[..at], &lower[at + word.len()..]);
            return left.trim_matches(separators).to_owned();
        }
    }
    let mut parts: Vec<&str> = lower.split(separators).collect();
    let bare = |part: &str| {
        let number = part.strip_prefix(['w', 'b']);
        number.is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()))
    };
    if let Some(part) = parts.iter_mut().rfind(|part| bare(part)) {
        *part = &part[1..];
    }
    parts.join(".").trim_matches(separators).to_owned()
}

/// A key that sorts names with their numbers in order: layer2 before layer10.
pub(super) fn natural(name: &str) -> Vec<(String, u64)> {
    let mut pieces = Vec::new();
    let (mut words, mut number) = (String::new(), String::new());
    for c in name.chars() {
        if !c.is_ascii_digit() && !number.is_empty() {
            pieces.push((
                std::mem::take(&mut words),
                number.parse().unwrap_or(u64::MAX),
            ));
            number.clear();
        }
        match c.is_ascii_digit() {
            true => number.push(c),
            false => words.push(c),
        }
    }
    pieces.push((words, number.parse().unwrap_or(0)));
    pieces
}

/// The order in which all layers chain from the pixels to the logits. Where several do, the one of their
/// numbers, if their names differ in nothing else.
///
/// # Errors
/// If none does, or several do; worded to follow the file's name. `layers` are in the order of names.
pub(super) fn order(layers: &[(&str, Widths)]) -> Result<Vec<usize>, String> {
    if layers.len() > MOST {
        return Err(format!(
            "has {} layers, where {MOST} are the most",
            layers.len()
        ));
    }
    if !layers.iter().any(|(_, w)| w.inputs == PIXELS) {
        return Err(format!("has no layer with {PIXELS} inputs, one per pixel"));
    }
    if !layers.iter().any(|(_, w)| w.outputs == CLASSES) {
        return Err(format!(
            "has no layer with {CLASSES} outputs, one per class"
        ));
    }
    let mut found = Vec::new();
    extend(layers, PIXELS, &mut Vec::new(), &mut found);
    let by_name: Vec<usize> = (0..layers.len()).collect();
    let stem = |name: &str| {
        name.chars()
            .filter(|c| !c.is_ascii_digit())
            .collect::<String>()
    };
    let numbered = layers
        .windows(2)
        .all(|pair| stem(pair[0].0) == stem(pair[1].0));
    match found.len() {
        0 => Err(format!(
            "has layers that do not chain, each taking what the one before gives, from {PIXELS} inputs to \
             {CLASSES} outputs"
        )),
        1 => Ok(found.swap_remove(0)),
        _ if numbered && chains(layers, &by_name) => Ok(by_name),
        _ => Err(
            "has layers that fit in several orders: number their names in order (fc1, fc2, …)"
                .to_owned(),
        ),
    }
}

/// Whether layers chain in this order.
fn chains(layers: &[(&str, Widths)], order: &[usize]) -> bool {
    let mut width = PIXELS;
    for &layer in order {
        if layers[layer].1.inputs != width {
            return false;
        }
        width = layers[layer].1.outputs;
    }
    width == CLASSES
}

/// Finds chains of all layers that begin with `order`, whose last layer gives `width`: two at the most.
fn extend(
    layers: &[(&str, Widths)],
    width: usize,
    order: &mut Vec<usize>,
    found: &mut Vec<Vec<usize>>,
) {
    if order.len() == layers.len() {
        if width == CLASSES {
            found.push(order.clone());
        }
        return;
    }
    for (next, (_, widths)) in layers.iter().enumerate() {
        if found.len() < 2 && widths.inputs == width && !order.contains(&next) {
            order.push(next);
            extend(layers, widths.outputs, order, found);
            order.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_of_a_layer_have_the_same_name_without_their_kind() {
        for (weights, biases) in [
            ("fc1.weight", "fc1.bias"),
            ("0.weight", "0.bias"),
            ("module.net.0.weight", "module.net.0.bias"),
            ("dense/kernel", "dense/bias"),
            ("W1", "b1"),
            ("w_2", "b_2"),
            ("layers.weights.3", "layers.biases.3"),
        ] {
            assert_eq!(layer(weights), layer(biases), "{weights}");
        }
        assert_ne!(layer("fc1.weight"), layer("fc2.weight"));
        assert_ne!(layer("W1"), layer("W2"));
    }

    #[test]
    fn numbers_count_as_numbers() {
        let mut names = vec!["fc10.weight", "fc2.weight", "fc1.weight"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["fc1.weight", "fc2.weight", "fc10.weight"]);
    }

    fn of(widths: &[(&'static str, usize, usize)]) -> Vec<(&'static str, Widths)> {
        let one = |&(name, inputs, outputs)| (name, Widths { inputs, outputs });
        widths.iter().map(one).collect()
    }

    #[test]
    fn widths_say_the_order_and_numbers_only_where_they_leave_it_open() {
        let one = of(&[("head", 30, 10), ("stem", 784, 30)]);
        assert_eq!(order(&one), Ok(vec![1, 0]));
        let three = [("a", 784, 30), ("b", 30, 30), ("c", 30, 30), ("d", 30, 10)];
        assert!(order(&of(&three)).unwrap_err().contains("several orders"));
        let numbered = [
            ("l1", 784, 30),
            ("l2", 30, 30),
            ("l3", 30, 30),
            ("l4", 30, 10),
        ];
        assert_eq!(order(&of(&numbered)), Ok(vec![0, 1, 2, 3]));
        let none = order(&of(&[("a", 784, 30), ("b", 20, 10)])).unwrap_err();
        assert!(none.contains("do not chain"), "{none}");
    }
}
