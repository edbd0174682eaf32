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
    let networks = drawing.networks.iter().map(|network| Network {
        title: network.stage.title,
        widths: network.widths.clone(),
        weights: STANDARD.encode(
            network
                .weights
                .iter()
                .flat_map(|w| w.to_le_bytes())
                .collect::<Vec<u8>>(),
        ),
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
