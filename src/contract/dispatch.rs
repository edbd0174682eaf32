//! How many workgroups a contract asks for.

use toml::Spanned;

use super::schema::{Fault, Formula, Several};
use super::sizes::Sizes;

/// Workgroups along an axis that every adapter takes.
const GROUPS: u32 = 65_535;

/// Workgroups along three axes, of which the last may be missing.
pub(super) fn three(dispatch: &Spanned<Several>) -> Result<[Formula; 3], Fault> {
    let given = &dispatch.get_ref().0;
    if given.is_empty() || given.len() > 3 {
        let text = "dispatch: give one to three numbers of workgroups";
        return Err(Fault::new(dispatch.span(), text));
    }
    Ok(std::array::from_fn(|axis| {
        given.get(axis).cloned().unwrap_or_else(Formula::one)
    }))
}

/// Workgroups at these sizes.
pub(super) fn workgroups(dispatch: &[Formula; 3], sizes: &Sizes) -> Result<[u32; 3], String> {
    let mut groups = [0; 3];
    for (groups, formula) in groups.iter_mut().zip(dispatch) {
        *groups = formula
            .whole(sizes)
            .map_err(|why| format!("dispatch: {why}"))?;
        if *groups > GROUPS {
            return Err(format!(
                "dispatch: {} is {groups} at {sizes}; there are {GROUPS} workgroups at the most \
                 along an axis",
                formula.0
            ));
        }
    }
    Ok(groups)
}
