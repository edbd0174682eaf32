//! The named sizes of a contract: which values to try together, and smaller ones.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::names::{listed, unknown};
use super::schema::{Fault, Formula, Named, Size};
use crate::random::{permuted, threefry2x32};

/// The largest value of a size.
const LARGEST: u32 = 1 << 24;
/// Random values beside the borders of a tile.
const RANDOM: u32 = 2;
/// Combinations, about, at the most.
const COMBINATIONS: usize = 60;

/// Values of sizes by their names, such as `rows=3,cols=7`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sizes(pub BTreeMap<String, u32>);

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self
            .0
            .iter()
            .map(|(name, n)| format!("{name}={n}"))
            .collect();
        f.write_str(&all.join(","))
    }
}

impl FromStr for Sizes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut sizes = BTreeMap::new();
        for part in text.split(',') {
            let pair = part.split_once('=');
            let pair = pair.and_then(|(name, n)| Some((name.trim(), n.trim().parse().ok()?)));
            let Some((name, value @ 1..=LARGEST)) = pair else {
                return Err(format!(
                    "{part:?} is no size: give names with values, such as rows=64,cols=7"
                ));
            };
            sizes.insert(name.to_owned(), value);
        }
        Ok(Self(sizes))
    }
}

/// A size that is tried with values of its own.
#[derive(Clone, Debug)]
struct Free {
    name: String,
    /// The values to try, ascending.
    values: Vec<u32>,
    /// Whether others may be tried in search of a small case.
    any: bool,
}

/// All sizes of a contract.
#[derive(Clone, Debug, Default)]
pub(super) struct SizeList {
    free: Vec<Free>,
    /// Those that follow from others, each after what it needs.
    derived: Vec<(String, Formula)>,
}

impl SizeList {
    pub(super) fn new(sizes: &Named<Size>, seed: u32) -> Result<Self, Fault> {
        let mut list = Self::default();
        let mut waiting = Vec::new();
        // As they are declared.
        let mut declared: Vec<_> = sizes.iter().collect();
        declared.sort_by_key(|(name, _)| name.span().start);
        let names = || sizes.keys().map(|name| name.get_ref().as_str());
        for (number, (name, size)) in (0u32..).zip(declared) {
            check_name(name.get_ref()).map_err(|text| Fault::new(name.span(), text))?;
            let place = |text: String| {
                let name = name.get_ref();
                Fault::new(size.span(), format!("sizes.{name}: {text}"))
            };
            let (values, any) = match size.get_ref() {
                Size::Values(values) => (values.clone(), false),
                Size::Tile(tile) => (around(*tile, [seed, number]).map_err(place)?, true),
                Size::Formula(formula) => {
                    let wrong = formula
                        .0
                        .names()
                        .into_iter()
                        .find(|n| !names().any(|k| k == *n));
                    if let Some(wrong) = wrong {
                        return Err(place(unknown("size", wrong, names())));
                    }
                    waiting.push((name.get_ref().clone(), formula.clone(), size.span()));
                    continue;
                }
            };
            let name = name.get_ref().clone();
            list.free.push(Free {
                name,
                values: ascending(values).map_err(place)?,
                any,
            });
        }
        list.order(waiting)?;
        Ok(list)
    }

    /// Puts derived sizes into an order in which they can be computed.
    fn order(
        &mut self,
        mut waiting: Vec<(String, Formula, std::ops::Range<usize>)>,
    ) -> Result<(), Fault> {
        while !waiting.is_empty() {
            let blocked = |formula: &Formula| {
                let names = formula.0.names();
                waiting.iter().any(|(name, ..)| names.contains(&&name[..]))
            };
            match waiting.iter().position(|(_, formula, _)| !blocked(formula)) {
                Some(place) => {
                    let (name, formula, _) = waiting.remove(place);
                    self.derived.push((name, formula));
                }
                None => {
                    let (name, formula, span) = waiting.remove(0);
                    let text = format!("sizes.{name}: {} depends on itself", formula.0);
                    return Err(Fault::new(span, text));
                }
            }
        }
        Ok(())
    }

    /// All names, in order of declaration, derived ones last.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let free = self.free.iter().map(|size| &size.name[..]);
        free.chain(self.derived.iter().map(|(name, _)| &name[..]))
    }

    /// The values of all sizes, derived ones too.
    ///
    /// # Errors
    /// What has no usable value, in words.
    pub(super) fn complete(&self, sizes: &Sizes) -> Result<Sizes, String> {
        let mut all = sizes.clone();
        for (name, formula) in &self.derived {
            let value = formula
                .whole(&all)
                .map_err(|why| format!("sizes.{name}: {why}"))?;
            all.0.insert(name.clone(), value);
        }
        Ok(all)
    }

    /// The given sizes, and the smallest value of those that are missing.
    ///
    /// # Errors
    /// If there is no such size.
    pub(super) fn filled(&self, given: &Sizes) -> Result<Sizes, String> {
        let free = || self.free.iter().map(|size| &size.name[..]);
        if let Some(wrong) = given
            .0
            .keys()
            .find(|name| !free().any(|known| known == *name))
        {
            return Err(match self.names().any(|known| known == wrong) {
                true => format!("{wrong} follows from others; give {}", listed(free())),
                false => unknown("size", wrong, free()),
            });
        }
        let value = |size: &Free| {
            let value = given.0.get(&size.name).or_else(|| size.values.first());
            Some((size.name.clone(), *value?))
        };
        Ok(Sizes(self.free.iter().filter_map(value).collect()))
    }

    /// The largest values that are tried.
    pub(super) fn largest(&self) -> Sizes {
        let last = |size: &Free| Some((size.name.clone(), *size.values.last()?));
        Sizes(self.free.iter().filter_map(last).collect())
    }

    /// The combinations to try, the small ones first: not every value with every other one, but
    /// each at least twice, beside varied others.
    pub(super) fn plan(&self, seed: u32) -> Vec<Sizes> {
        let most = self.free.iter().map(|size| size.values.len()).max();
        let most = most.unwrap_or(1);
        let rounds = if 2 * most > COMBINATIONS { 1 } else { 2 };
        let smallest = |size: &Free| (size.name.clone(), size.values[0]);
        let mut plan = vec![Sizes(self.free.iter().map(smallest).collect())];
        for number in 0..rounds * most {
            let value = |(place, size): (u32, &Free)| {
                (size.name.clone(), size.shuffled([seed, place], number))
            };
            plan.push(Sizes((0..).zip(&self.free).map(value).collect()));
        }
        plan.sort_by_key(|sizes| (sizes.work(), sizes.clone()));
        plan.dedup();
        plan
    }

    /// Sizes that are smaller in one way, the smallest first.
    pub(super) fn smaller(&self, sizes: &Sizes) -> Vec<Sizes> {
        let steps: [fn(u32) -> u32; 4] = [|_| 1, |n| n / 2, |n| n.saturating_sub(4), |n| n - 1];
        let mut found = Vec::new();
        let mut add = |size: &Free, value: u32| {
            let mut sizes = sizes.clone();
            sizes.0.insert(size.name.clone(), value);
            found.push(sizes);
        };
        for step in steps {
            for size in &self.free {
                let Some(&now) = sizes.0.get(&size.name).filter(|now| **now > 1) else {
                    continue;
                };
                let wanted = step(now).max(1);
                let others = size.values.iter().copied();
                let listed = others
                    .filter(|value| *value >= wanted && *value < now)
                    .min();
                let value = if size.any { Some(wanted) } else { listed };
                if let Some(value) = value {
                    add(size, value);
                }
            }
        }
        found
    }
}

impl Free {
    /// One of its values: all of them, in another order each time round.
    #[expect(clippy::cast_possible_truncation, reason = "a list in a file")]
    fn shuffled(&self, key: [u32; 2], number: usize) -> u32 {
        let n = self.values.len();
        let (round, place) = (number / n, number % n);
        let place = permuted(key, round as u32, n as u32, place as u32);
        self.values[place as usize]
    }
}

impl Sizes {
    /// About how much work a case of these sizes is.
    pub(crate) fn work(&self) -> u128 {
        let sizes = self.0.values().map(|n| u128::from(*n));
        sizes.fold(1, u128::saturating_mul)
    }
}

impl Formula {
    /// Its value as a count, from 1 on.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn whole(&self, sizes: &Sizes) -> Result<u32, String> {
        let value = self.integer(sizes)?;
        match u32::try_from(value) {
            Ok(value) if value > 0 => Ok(value),
            _ => Err(format!(
                "{} is {value} at {sizes}: it must be 1 or more",
                self.0
            )),
        }
    }

    /// Its value as a whole number.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn integer(&self, sizes: &Sizes) -> Result<i64, String> {
        let value = self.0.value(&|name| match sizes.0.get(name) {
            Some(value) => Ok(i64::from(*value)),
            None => Err(unknown("size", name, sizes.0.keys().map(|n| &n[..]))),
        });
        value.map_err(|why| format!("{}: {why}", self.0))
    }

    /// Its value as a float.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn float(&self, sizes: &Sizes) -> Result<f64, String> {
        let value = self.0.value(&|name| match sizes.0.get(name) {
            Some(value) => Ok(f64::from(*value)),
            None => Err(unknown("size", name, sizes.0.keys().map(|n| &n[..]))),
        });
        value.map_err(|why| format!("{}: {why}", self.0))
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_alphanumeric() || c == '_';
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    match starts && name.chars().all(plain) && name != "e" {
        true => Ok(()),
        false => Err(format!(
            "sizes: {name:?} is no name for a size: take letters, digits and _"
        )),
    }
}

/// The borders of a tile, and some random values.
fn around(tile: u32, key: [u32; 2]) -> Result<Vec<u32>, String> {
    if !(1..=65_536).contains(&tile) {
        return Err("a tile is from 1 to 65536".to_owned());
    }
    let borders = [1, tile.max(2) - 1, tile, tile + 1, 2 * tile + 1];
    let random = |n| 1 + threefry2x32([key[0], 0x5a5a], [key[1], n])[0] % (4 * tile);
    Ok(borders.into_iter().chain((0..RANDOM).map(random)).collect())
}

fn ascending(mut values: Vec<u32>) -> Result<Vec<u32>, String> {
    values.sort_unstable();
    values.dedup();
    match values[..] {
        [] => Err("give at least one value".to_owned()),
        [0, ..] => Err("a size is 1 or more".to_owned()),
        [.., last] if last > LARGEST => Err(format!("a size is {LARGEST} at the most")),
        _ => Ok(values),
    }
}
