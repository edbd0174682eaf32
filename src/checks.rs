//! Validation of settings, shared by `run` and `compare`, which refuse the same values in the same
//! words.

use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::record::{CLASSES, DataRecord};

/// Networks are numbered; numbers from here on are reserved for others (see `engine`).
const MOST_NETWORKS: usize = 100_000;
/// The longest phase, in passes.
const MOST_EPOCHS: f64 = 10_000.0;

fn refuse(text: String) -> Result<()> {
    Err(Error::Usage(text))
}

/// A number as typed: 1e-50, not fifty digits.
fn typed(value: f64) -> String {
    let text = format!("{value:?}");
    match text.contains('e') {
        true => text,
        false => value.to_string(),
    }
}

/// Refuses negative and non-finite numbers, and numbers outside the range of the devices' floating
/// point, which may flush anything below its smallest normal number to 0.
pub(crate) fn number(flag: &str, value: f64) -> Result<()> {
    let text = typed(value);
    if !value.is_finite() || value.is_sign_negative() {
        return refuse(format!("--{flag} {text}: must be a number of 0 or more"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "this is what devices compute with"
    )]
    let used = value as f32;
    if used.is_infinite() {
        return refuse(format!(
            "--{flag} {text}: is infinite in 32-bit floating point, in which devices compute; choose a \
             smaller one"
        ));
    }
    if value > 0.0 && !used.is_normal() {
        return refuse(format!(
            "--{flag} {text}: is 0 in 32-bit floating point, in which devices compute; choose a larger one"
        ));
    }
    Ok(())
}

/// A learning rate for networks that are to learn something.
pub(crate) fn rate(flag: &str, value: f64) -> Result<()> {
    number(flag, value)?;
    match value > 0.0 {
        true => Ok(()),
        false => refuse(format!(
            "--{flag} 0: networks would learn nothing; choose a rate above 0, such as 0.1"
        )),
    }
}

/// Momentum must be below 1 in the type that devices compute in.
pub(crate) fn momentum(value: f64) -> Result<()> {
    number("momentum", value)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "this is what devices compute with"
    )]
    match value as f32 {
        used if used < 1.0 => Ok(()),
        _ => refuse(format!(
            "--momentum {}: must be below 1 in 32-bit floating point, or old gradients never fade; try 0.9",
            typed(value)
        )),
    }
}

/// Decay subtracts rate · decay times a weight in every step: at 1 and above, weights change sign
/// in every step, and at 2 and above they grow.
pub(crate) fn decay(value: f64, flag: &str, rate: f64) -> Result<()> {
    match rate * value < 1.0 {
        true => Ok(()),
        false => refuse(format!(
            "--weight-decay {} takes {} of a weight away in every step at --{flag} {}; their product must \
             be below 1: lower --weight-decay",
            typed(value),
            match rate * value > 1.0 {
                true => "more than all",
                false => "all",
            },
            typed(rate)
        )),
    }
}

/// The length of an optional phase.
pub(crate) fn epochs(flag: &str, value: f64) -> Result<()> {
    match (0.0..=MOST_EPOCHS).contains(&value) && !value.is_sign_negative() {
        true => Ok(()),
        false => refuse(format!(
            "--{flag} {}: must lie between 0 and 10,000 (fractions are fine)",
            typed(value)
        )),
    }
}

/// The length of the training of networks that are to learn something.
pub(crate) fn learning(value: f64) -> Result<()> {
    epochs("epochs", value)?;
    match value > 0.0 {
        true => Ok(()),
        false => refuse(
            "--epochs 0: networks that learn nothing have nothing to forget; try --epochs 1"
                .to_owned(),
        ),
    }
}

/// The number of networks.
pub(crate) fn networks(flag: &str, count: usize) -> Result<()> {
    match count {
        0 => refuse(format!("--{flag} 0: there must be one network at least")),
        1..=MOST_NETWORKS => Ok(()),
        _ => refuse(format!(
            "--{flag} {count}: 100,000 networks is the maximum; choose fewer"
        )),
    }
}

/// Samples per step.
pub(crate) fn batch(count: usize) -> Result<()> {
    match count {
        0 => refuse("--batch 0: a step needs at least one sample; try --batch 64".to_owned()),
        _ => Ok(()),
    }
}

/// A sample list must hold at least one batch.
pub(crate) fn fits(batch: usize, images: usize, what: &str) -> Result<()> {
    match batch <= images {
        true => Ok(()),
        false => refuse(format!(
            "--batch {batch} is larger than the data: there are {images} {what}. Use a smaller --batch"
        )),
    }
}

/// The classes to forget, ascending.
pub(crate) fn forget(classes: &[u8]) -> Result<()> {
    let unknown = classes.iter().find(|&&c| usize::from(c) >= CLASSES);
    match (unknown, classes.len()) {
        (Some(class), _) => refuse(format!(
            "--forget {class}: there is no such class; choose from 0 to 9, such as --forget 5 or \
             --forget 3,5,8"
        )),
        (None, 0) => refuse("--forget names no class: choose from 0 to 9".to_owned()),
        (None, CLASSES) => refuse(
            "--forget names all ten classes: nothing is left to keep. Leave out at least one"
                .to_owned(),
        ),
        _ => Ok(()),
    }
}

/// Every class to forget must occur in this data, and others too: returns the number of training
/// images to keep.
pub(crate) fn kept(forget: &[u8], data: &Dataset) -> Result<usize> {
    let DataRecord { name, classes, .. } = &data.record;
    if let Some(class) = forget.iter().find(|c| usize::from(**c) >= classes.count()) {
        return Err(Error::Usage(format!(
            "--forget {class}: {name} holds {} classes; choose from {}, and leave out at least one",
            classes.count(),
            classes.with_numbers()
        )));
    }
    let mut kept = [0; 2];
    let sets = [("training", &data.train), ("test", &data.test)];
    for ((set, images), kept) in sets.into_iter().zip(&mut kept) {
        if let Some(class) = forget.iter().find(|class| !images.labels.contains(class)) {
            return Err(Error::Usage(format!(
                "--forget {class}: the {set} set of {name} holds no {}",
                classes.name((*class).into())
            )));
        }
        *kept = images.labels.iter().filter(|l| !forget.contains(l)).count();
        if *kept == 0 {
            return Err(Error::Usage(format!(
                "the {set} set of {name} contains only the forgotten {}: nothing is left to keep",
                classes.nouns()
            )));
        }
    }
    Ok(kept[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(result: Result<()>, parts: &[&str]) {
        let said = result.unwrap_err().to_string();
        for part in parts {
            assert!(said.contains(part), "no {part:?} in: {said}");
        }
    }

    #[test]
    fn numbers_are_checked_as_devices_have_them() {
        for fine in [0.0, 1e-7, 1.2e-38, 0.1, 3e38] {
            number("lr", fine).unwrap();
        }
        // The first two are 0 in f32, the third is on some devices.
        for small in [1e-50, 1e-46, 1e-40] {
            refused(
                number("lr", small),
                &[&format!("--lr {small:?}"), "is 0 in"],
            );
        }
        refused(
            number("unlearn-lr", 1e39),
            &["--unlearn-lr 1e39", "infinite"],
        );
        for wrong in [-1.0, -0.0, f64::NAN, f64::INFINITY] {
            refused(
                number("weight-decay", wrong),
                &["--weight-decay", "0 or more"],
            );
        }
        refused(rate("lr", 0.0), &["--lr 0", "learn nothing"]);
    }

    #[test]
    fn momentum_is_below_one_where_it_is_used() {
        momentum(0.999_999).unwrap();
        refused(momentum(1.0), &["--momentum 1", "below 1"]);
        refused(
            momentum(0.999_999_999_99),
            &["--momentum 0.99999999999", "below 1"],
        );
    }

    #[test]
    fn decay_leaves_something_of_a_weight() {
        decay(9.9, "lr", 0.1).unwrap();
        refused(decay(30.0, "lr", 0.1), &["--weight-decay 30", "--lr 0.1"]);
        refused(
            decay(5.0, "unlearn-lr", 0.2),
            &["--weight-decay 5", "--unlearn-lr 0.2"],
        );
    }

    #[test]
    fn counts_and_lengths_have_their_ends() {
        networks("learners", 1).unwrap();
        networks("learners", 100_000).unwrap();
        refused(networks("learners", 0), &["--learners 0"]);
        refused(
            networks("retrained", usize::MAX),
            &["--retrained", "100,000"],
        );
        epochs("relearn-epochs", 0.0).unwrap();
        for wrong in [-1.0, 1e9, f64::NAN] {
            refused(
                epochs("unlearn-epochs", wrong),
                &["--unlearn-epochs", "10,000"],
            );
        }
        refused(learning(0.0), &["--epochs 0", "nothing to forget"]);
    }
}
