//! Which rewrites of a stack suffice to make it fail.

use crate::error::Result;

/// The fewest of `all` that still fail, in the spirit of delta debugging (Zeller and Hildebrandt,
/// "Simplifying and isolating failure-inducing input", IEEE TSE 28(2), 2002): one alone where one
/// suffices, else none of which can be spared.
///
/// # Errors
/// What `fails` returns.
pub(in super::super) fn fewest<T: Clone>(
    all: &[T],
    mut fails: impl FnMut(&[T]) -> Result<bool>,
) -> Result<Vec<T>> {
    for one in all {
        if all.len() > 1 && fails(std::slice::from_ref(one))? {
            return Ok(vec![one.clone()]);
        }
    }
    let mut kept = all.to_vec();
    let mut at = 0;
    while at < kept.len() && kept.len() > 1 {
        let mut fewer = kept.clone();
        fewer.remove(at);
        match fails(&fewer)? {
            true => kept = fewer,
            false => at += 1,
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced(all: &[u32], fails: fn(&[u32]) -> bool) -> Vec<u32> {
        fewest(all, |some| Ok(fails(some))).unwrap()
    }

    #[test]
    fn what_can_be_spared_is() {
        assert_eq!(reduced(&[1, 2, 3, 4], |some| some.contains(&3)), [3]);
        let two = |some: &[u32]| some.contains(&1) && some.contains(&4);
        assert_eq!(reduced(&[1, 2, 3, 4, 5], two), [1, 4]);
        assert_eq!(reduced(&[7], |_| true), [7]);
        assert_eq!(reduced(&[1, 2], |some| some.len() == 2), [1, 2]);
    }
}
