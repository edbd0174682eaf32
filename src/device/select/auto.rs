//! What `auto` takes, and why.

use crate::device::gpu::{Adapter, Gpu};
use crate::error::Result;
use crate::record::DeviceKind;

/// What `auto` does, and why.
pub(super) struct Decision<T> {
    /// The number of the adapter that it takes, opened; none where it takes the CPU.
    pub(super) opened: Option<(usize, T)>,
    /// Why it takes or does not take each adapter.
    pub(super) reasons: Vec<String>,
    /// Why it takes or does not take the CPU.
    pub(super) cpu: String,
}

pub(super) fn decide(adapters: &[Adapter]) -> Decision<Gpu> {
    let kinds: Vec<_> = adapters.iter().map(Adapter::kind).collect();
    decide_among(&kinds, |i, reason| Gpu::open(&adapters[i], reason))
}

/// Takes the best adapter, of these kinds, that opens; the CPU where none does.
fn decide_among<T>(
    kinds: &[DeviceKind],
    mut open: impl FnMut(usize, &str) -> Result<T>,
) -> Decision<T> {
    let mut sorted: Vec<usize> = (0..kinds.len()).collect();
    sorted.sort_by_key(|&i| kinds[i]);
    let mut reasons = vec![String::new(); kinds.len()];
    let (mut opened, mut refused) = (None, String::new());
    for &index in &sorted {
        if let Some((taken, _)) = &opened {
            let why = passed_over(kinds[index], kinds[*taken], *taken);
            reasons[index] = format!("not taken by auto: {why}");
            continue;
        }
        let reason = format!("{}{refused}", taken(kinds[index], &refused));
        match open(index, &reason) {
            Ok(device) => {
                reasons[index] = reason;
                opened = Some((index, device));
            }
            Err(e) => {
                reasons[index] = format!("not taken by auto: {e}");
                refused += &format!("; {e}");
            }
        }
    }
    let cpu = match (&opened, refused.is_empty()) {
        (Some(_), _) => "not taken by auto: an adapter opens",
        (None, true) => {
            "auto: wgpu finds no adapter, so the CPU without shaders (on Debian or Ubuntu \
             `apt-get install mesa-vulkan-drivers` brings a software one)"
        }
        (None, false) => "auto: no adapter opens, so the CPU without shaders",
    };
    let refused = if opened.is_some() { "" } else { &refused };
    Decision {
        cpu: format!("{cpu}{refused}"),
        opened,
        reasons,
    }
}

/// Why `auto` takes an adapter, when it opens.
fn taken(kind: DeviceKind, refused: &str) -> &'static str {
    if !refused.is_empty() {
        "auto: the best adapter that opens"
    } else if kind == DeviceKind::Software {
        "auto: there is no hardware GPU, so a software adapter"
    } else {
        "auto: the best hardware GPU"
    }
}

/// Why `auto` does not take an adapter, but the one with this number.
fn passed_over(kind: DeviceKind, taken: DeviceKind, number: usize) -> String {
    if kind == taken {
        format!("no better than {number}, which comes first")
    } else if kind == DeviceKind::Software {
        "software, and there is a hardware GPU".to_owned()
    } else {
        format!("{number} is a {}", taken)
    }
}

#[cfg(test)]
mod tests;
