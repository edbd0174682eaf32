//! Wrong numbers: the literals that stand for a slip of the pen in the place of another.

/// The places of bits at the ends of runs of ones, in the middle of long ones, and beside them.
pub(super) fn edges(mask: u32) -> Vec<u32> {
    const LONG: u32 = 8;
    let is_set = |bit: u32| mask.checked_shr(bit).is_some_and(|m| m & 1 == 1);
    let mut found = Vec::new();
    for first in (0..32).filter(|&b| is_set(b) && (b == 0 || !is_set(b - 1))) {
        let last = (first..32)
            .take_while(|&b| is_set(b))
            .last()
            .unwrap_or(first);
        let middle = (last - first >= LONG - 1).then(|| u32::midpoint(first, last));
        found.extend(first.checked_sub(1).into_iter().chain([first]));
        found.extend(middle.into_iter().chain([last, last + 1]));
    }
    found.retain(|&bit| bit < 32);
    found.sort_unstable();
    found.dedup();
    found
}

/// The literals before and after one, in its own type: one less and one more, or, of a float that is no
/// whole number, a thousandth of it.
pub(super) fn neighbours(literal: &str) -> Vec<String> {
    let digits = literal.trim_end_matches(['u', 'i', 'f']);
    let suffix = &literal[digits.len()..];
    if let Ok(value) = digits.parse::<u32>() {
        let both = [value.checked_sub(1), value.checked_add(1)];
        let text = |n: &u32| format!("{n}{suffix}");
        return both.iter().flatten().map(text).collect();
    }
    let Ok(value) = digits.parse::<f64>() else {
        return Vec::new();
    };
    let step = if value.fract() == 0.0 {
        1.0
    } else {
        value / 1000.0
    };
    let both = [value - step, value + step];
    both.iter().map(|n| format!("{n:?}{suffix}")).collect()
}

/// The literal that stands for a wrong constant in the place of this one, in its own type.
pub(super) fn another(literal: &str) -> Option<String> {
    let hex = literal.strip_prefix("0x");
    let suffixes: &[char] = if hex.is_some() {
        &['u', 'i']
    } else {
        &['u', 'i', 'f', 'h']
    };
    let digits = literal.trim_end_matches(suffixes);
    let suffix = &literal[digits.len()..];
    if let Some(hex) = hex.and(digits.strip_prefix("0x")) {
        let next = u32::from_str_radix(hex, 16).ok()?.checked_add(1)?;
        return Some(format!("{next:#x}{suffix}"));
    }
    if !matches!(suffix, "f" | "h")
        && let Ok(value) = digits.parse::<u32>()
    {
        return Some(format!("{}{suffix}", value.checked_add(1)?));
    }
    let value: f64 = digits.parse().ok()?;
    let other = if value == 0.0 { 1.0 } else { 2.0 * value };
    Some(format!("{other:?}{suffix}"))
}
