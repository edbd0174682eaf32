use super::*;
use crate::checkpoint;
use safetensors::{serialize_to_file, tensor::TensorView};

/// A tensor to be written: name, shape, and values that count up from `from`.
fn tensor(name: &str, shape: &[usize], from: f32) -> (String, Vec<usize>, Vec<f32>) {
    let count: usize = shape.iter().product();
    let values = (0u16..).map(f32::from).map(|n| from + n % 997.0 / 1024.0);
    (
        name.to_owned(),
        shape.to_vec(),
        values.take(count).collect(),
    )
}

type Made = Vec<(String, Vec<usize>, Vec<f32>)>;

/// What loading a file of these tensors gives.
fn loaded(tensors: &Made) -> Result<Networks> {
    loaded_as(tensors, Dtype::F32, |values| {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    })
}

fn loaded_as(tensors: &Made, dtype: Dtype, bytes: impl Fn(&[f32]) -> Vec<u8>) -> Result<Networks> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let data: Vec<Vec<u8>> = tensors.iter().map(|(.., values)| bytes(values)).collect();
    let views = tensors.iter().zip(&data).map(|((name, shape, _), data)| {
        let view = TensorView::new(dtype, shape.clone(), data).unwrap();
        (name.clone(), view)
    });
    serialize_to_file(views, None, file.path()).unwrap();
    load(file.path())
}

/// The tensors of a network 784 – 6 – 10 with these names.
fn small(names: [&str; 4]) -> Made {
    let shapes = [&[6, 784][..], &[6], &[10, 6], &[10]];
    let starts = [0.0, 1.0, 2.0, 3.0];
    let all = names.iter().zip(shapes).zip(starts);
    all.map(|((name, shape), from)| tensor(name, shape, from))
        .collect()
}

const TORCH: [&str; 4] = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"];

#[track_caller]
fn refused(tensors: &Made, parts: &[&str]) {
    let said = loaded(tensors).unwrap_err().to_string();
    for part in parts
        .iter()
        .chain(&["It holds", "Needed are", "[128, 784]"])
    {
        assert!(said.contains(part), "no {part:?} in: {said}");
    }
}

#[test]
fn any_names_that_pair_up_give_the_same_network_in_its_padded_place() {
    let expected = loaded(&small(TORCH)).unwrap();
    assert_eq!((&expected.hidden[..], expected.count), (&[6][..], 1));
    for names in [
        ["0.weight", "0.bias", "2.weight", "2.bias"],
        ["net.0.weight", "net.0.bias", "net.2.weight", "net.2.bias"],
        ["W1", "b1", "W2", "b2"],
        ["stem.weight", "stem.bias", "head.weight", "head.bias"],
        [
            "Dense_0/kernel",
            "Dense_0/bias",
            "Dense_1/kernel",
            "Dense_1/bias",
        ],
    ] {
        assert_eq!(loaded(&small(names)).unwrap(), expected, "{names:?}");
    }
    // Element [5, 783] of W1, [9, 5] of W2, and the last biases; 6 is padded to 8.
    let w = &expected.weights;
    assert_eq!(w[5 * 784 + 783], ((6 * 784 - 1) % 997) as f32 / 1024.0);
    assert_eq!(w[8 * 784 + 5], 1.0 + 5.0 / 1024.0);
    assert_eq!(w[8 * 784 + 6..8 * 784 + 8], [0.0; 2]);
    let second = 8 * 784 + 8;
    assert_eq!(w[second + 9 * 8 + 5], 2.0 + 59.0 / 1024.0);
    assert_eq!(w[second + 12 * 8 + 9], 3.0 + 9.0 / 1024.0);
    assert_eq!(w.len(), second + 12 * 8 + 12);
}

#[test]
fn a_leading_axis_is_the_networks() {
    let one = small(TORCH);
    let pairs = one.iter().map(|(name, shape, values)| {
        let other = values.iter().map(|v| -v);
        let both = values.iter().copied().chain(other).collect();
        (name.clone(), [&[2], &shape[..]].concat(), both)
    });
    let two = loaded(&pairs.collect()).unwrap();
    assert_eq!(two.count, 2);
    let expected = loaded(&one).unwrap().weights;
    let (first, second) = two.weights.split_at(expected.len());
    assert_eq!(first, expected);
    assert!(second.iter().zip(&expected).all(|(a, b)| *a == -b));
}

#[test]
fn what_a_run_saved_comes_back() {
    let model = Model::new(&[30, 17]).unwrap();
    let size = model.parameters() as usize;
    let mut weights = vec![0.0; 3 * size];
    for own in weights.chunks_exact_mut(size) {
        for layer in model.layers() {
            for row in 0..layer.outputs {
                let start = (layer.weights + row * layer.padded_inputs) as usize;
                own[start..][..layer.inputs as usize].fill(0.5 + row as f32);
            }
            own[layer.biases as usize..][..layer.outputs as usize].fill(-1.0);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved.safetensors");
    checkpoint::save(&path, &model, &weights, "a note").unwrap();
    let back = load(&path).unwrap();
    assert_eq!((back.hidden, back.count), (vec![30, 17], 3));
    assert_eq!(back.weights, weights);
}

#[test]
fn wrong_files_are_refused_with_what_they_hold_and_what_is_needed() {
    let but = |number: usize, other: (String, Vec<usize>, Vec<f32>)| {
        let mut tensors = small(TORCH);
        tensors[number] = other;
        tensors
    };
    refused(
        &but(0, tensor("fc1.weight", &[784, 6], 0.0)),
        &["fc1.weight [784, 6]", "transposed", "[out, in]"],
    );
    refused(
        &but(0, tensor("fc1.weight", &[6, 1024], 0.0)),
        &["no layer with 784 inputs", "fc1.weight F32 [6, 1024]"],
    );
    refused(
        &but(1, tensor("fc1.bias", &[5], 0.0)),
        &["for 6 outputs", "fc1.bias with 5 biases"],
    );
    let mut seven = but(2, tensor("fc2.weight", &[7, 6], 0.0));
    seven[3] = tensor("fc2.bias", &[7], 0.0);
    refused(&seven, &["no layer with 10 outputs"]);
    refused(
        &but(2, tensor("fc2.weight", &[10, 8], 0.0)),
        &["do not chain"],
    );
    refused(
        &small(TORCH)[..3].to_vec(),
        &["no biases beside fc2.weight"],
    );
    let mut more = small(TORCH);
    more.push(tensor("bn.running_mean", &[6], 0.0));
    refused(&more, &["bn.running_mean", "not a layer's"]);
    refused(
        &but(1, tensor("fc1.bias", &[2, 6], 0.0)),
        &["fc1.bias, fc1.weight", "are not a layer's"],
    );
    let mut uneven = small(TORCH);
    uneven[0] = tensor("fc1.weight", &[2, 6, 784], 0.0);
    uneven[1] = tensor("fc1.bias", &[2, 6], 0.0);
    refused(&uneven, &["2 networks", "no axis of networks"]);
    let none = small(TORCH)
        .into_iter()
        .map(|(name, shape, _)| (name, [&[0], &shape[..]].concat(), Vec::new()));
    refused(&none.collect(), &["leading axis is 0"]);
    let mut nan = small(TORCH);
    nan[2].2[7] = f32::NAN;
    refused(&nan, &["NaN", "fc2.weight"]);
    refused(&Made::new(), &["holds no tensors", "It holds nothing"]);
    let conv = but(0, tensor("fc1.weight", &[6, 1, 28, 28], 0.0));
    refused(&conv, &["fc1.weight", "not a layer's"]);
    let last = vec![
        tensor("fc.weight", &[10, 784], 0.0),
        tensor("fc.bias", &[10], 0.0),
    ];
    refused(&last, &["hidden layers of widths []", "1 to 8"]);
}

#[test]
fn only_f32_is_read() {
    let bytes = |values: &[f32]| {
        values
            .iter()
            .flat_map(|v| f64::from(*v).to_le_bytes())
            .collect()
    };
    let said = loaded_as(&small(TORCH), Dtype::F64, bytes)
        .unwrap_err()
        .to_string();
    for part in ["as F64, not F32", ".float()", "fc1.weight F64 [6, 784]"] {
        assert!(said.contains(part), "no {part:?} in: {said}");
    }
}

#[test]
fn what_is_no_safetensors_file_is_called_that() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"PK\x03\x04 a zip file, as torch.save writes").unwrap();
    let said = load(file.path()).unwrap_err().to_string();
    assert!(said.contains("not a safetensors file"), "{said}");
    assert!(matches!(
        load(Path::new("nowhere")),
        Err(Error::File { .. })
    ));
}
