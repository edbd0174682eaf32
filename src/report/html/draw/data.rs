//! What the section's script reads: JSON within the page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::Drawing;

#[derive(Serialize)]
struct Data {
    names: Vec<String>,
    networks: Vec<Network>,
    /// Pixels from 0 to 255 in base64.
    examples: Vec<String>,
}

#[derive(Serialize)]
struct Network {
    title: &'static str,
    widths: Vec<u32>,
    /// 16-bit floats, little-endian, in base64.
    weights: String,
}

/// The data, with nothing in it that ends a `script` element.
pub(super) fn json(drawing: &Drawing<'_>) -> String {
    let networks = drawing.networks.iter().map(|network| {
        let weights = network.weights.iter();
        let bytes: Vec<u8> = weights.flat_map(|weight| weight.to_le_bytes()).collect();
        Network {
            title: network.stage.title,
            widths: network.widths.clone(),
            weights: STANDARD.encode(bytes),
        }
    });
    let examples = drawing.examples.iter();
    let data = Data {
        names: drawing.classes.names().to_vec(),
        networks: networks.collect(),
        examples: examples.map(|e| STANDARD.encode(&e.pixels)).collect(),
    };
    // Strings and numbers are always valid JSON.
    let text = serde_json::to_string(&data).unwrap_or_default();
    text.replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inside::Example;
    use crate::record::Classes;

    #[test]
    fn a_hostile_class_is_only_text() {
        let classes = Classes::named(["</script><script>alert(1)", "<!--"]);
        let examples = [Example {
            label: 0,
            pixels: vec![255, 0, 1],
        }];
        let text = json(&Drawing {
            classes: &classes,
            forget: &[1],
            networks: Vec::new(),
            absent: Vec::new(),
            examples: &examples,
        });
        assert!(!text.contains('<'), "{text}");
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["names"][0], classes.name(0));
        assert_eq!(read["examples"][0], "/wAB");
    }
}
