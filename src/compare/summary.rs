//! All cases together: the ranking over digits and seeds, and whether it is the same under every seed.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Serialize;

use super::Settings;
use super::{Figures, Judged, MethodRow, Role};
use crate::inside::Inside;
use crate::metrics::{Kind, mean};
use crate::record::Spread;

/// A comparison's results.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Why methods are not ranked, for each case where they are not.
    pub never_learned: Vec<String>,
    /// What was compared.
    pub settings: Settings,
    /// The methods over all cases, nearest to retraining first.
    pub methods: Vec<Summary>,
    /// Whether the ranking is the same under every seed; none with a single seed, or without a ranking.
    pub stability: Option<Stability>,
    /// The results of each case.
    pub cases: Vec<Judged>,
    /// What is inside of some networks of each method, where there is a single case; it has files of its
    /// own.
    #[serde(skip)]
    pub inside: Vec<(String, Inside)>,
}

/// A number over the cases.
#[derive(Clone, Debug, Serialize)]
pub struct Across {
    /// The mean over cases.
    pub mean: f64,
    /// The standard deviation over cases; 0 for a single one.
    pub std: f64,
    /// The number of each case.
    pub cases: Vec<f64>,
}

/// A method over all cases; a metric's value in a case is the mean over its networks.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Its name.
    pub method: String,
    /// What the row is.
    pub role: Role,
    /// Residual knowledge.
    pub residual: Across,
    /// Damage.
    pub damage: Across,
    /// The distance from retraining.
    pub distance: Across,
    /// Residual knowledge by kind of metric, signed; NaN where no metric of a kind sees what is to be
    /// forgotten.
    pub kinds: Vec<(Kind, Across)>,
    /// Cases in which the networks are distinguishable from retraining.
    pub distinguishable: usize,
    /// The average gap, in percentage points.
    pub average_gap: Across,
    /// The value of every metric.
    pub values: Vec<(String, Across)>,
    /// Networks that diverged, over all cases.
    pub diverged: usize,
}

/// How much the ranking of methods, without controls, depends on the seed.
#[derive(Clone, Debug, Serialize)]
pub struct Stability {
    /// The methods under each seed, nearest to retraining first.
    pub rankings: Vec<(u64, Vec<String>)>,
    /// Methods compared at either end.
    pub end: usize,
    /// The fewest of the best methods that two seeds share.
    pub best_shared: usize,
    /// The fewest of the worst methods that two seeds share.
    pub worst_shared: usize,
    /// The smallest Kendall's τ of two seeds' rankings: 1 for the same order, −1 for the reverse.
    pub tau: f64,
    /// Pairs of methods whose order is certain under two seeds, over all pairs of seeds.
    pub certain: usize,
    /// Pairs, of these, whose order is not the same.
    pub contradicted: usize,
    /// Whether any two seeds share all but one at either end, and τ is at least `TAU`.
    pub stable: bool,
}

/// Methods at either end of a ranking, where there are enough.
const END: usize = 5;
/// Kendall's τ of a stable ranking: nine of ten pairs are in the same order.
const TAU: f64 = 0.8;

/// Why methods are not ranked, by case.
fn never_learned(settings: &Settings, cases: &[Judged]) -> Vec<String> {
    let said = |case: &Judged| {
        let reason = case.never_learned.as_ref()?;
        Some(match cases.len() {
            1 => reason.clone(),
            _ => format!("{}: {reason}", settings.name(&case.case)),
        })
    };
    cases.iter().filter_map(said).collect()
}

/// Puts the cases together.
pub(super) fn comparison(
    settings: &Settings,
    cases: Vec<Judged>,
    inside: Vec<(String, Inside)>,
) -> Comparison {
    let all: Vec<&Judged> = cases.iter().collect();
    let named = all.first().map_or(&[][..], |case| &case.methods);
    let mut methods: Vec<Summary> = named.iter().map(|m| summary(&m.method, &all)).collect();
    methods.sort_by(|a, b| a.distance.mean.total_cmp(&b.distance.mean));
    let rankings = settings.seeds.iter().map(|&seed| {
        let of_seed = all.iter().copied().filter(|c| c.case.seed == seed);
        (seed, ranking(&methods, &of_seed.collect::<Vec<_>>()))
    });
    let never_learned = never_learned(settings, &cases);
    let stability = stability(rankings.collect(), &orders(settings, &cases));
    let stability = stability.filter(|_| never_learned.is_empty());
    Comparison {
        never_learned,
        settings: settings.clone(),
        stability,
        methods,
        cases,
        inside,
    }
}

/// The methods, without controls, by their mean distance over some cases.
fn ranking(methods: &[Summary], cases: &[&Judged]) -> Vec<String> {
    let named = methods.iter().filter(|m| m.role != Role::Control);
    let scored = named.map(|m| (m.method.clone(), summary(&m.method, cases).distance.mean));
    let mut scored: Vec<(String, f64)> = scored.collect();
    scored.sort_by(|a, b| a.1.total_cmp(&b.1));
    scored.into_iter().map(|(name, _)| name).collect()
}

fn summary(method: &str, cases: &[&Judged]) -> Summary {
    let rows = cases.iter().flat_map(|case| &case.methods);
    let rows: Vec<&MethodRow> = rows.filter(|row| row.method == method).collect();
    let across = |value: &dyn Fn(&MethodRow) -> f64| {
        let Spread {
            mean,
            std,
            learners: cases,
        } = Spread::of(rows.iter().map(|row| value(row)).collect());
        Across { mean, std, cases }
    };
    let figure = |value: &dyn Fn(&Figures) -> f64| {
        across(&|row| row.figures.as_ref().map_or(f64::NAN, value))
    };
    let of_kind = |kind: Kind| {
        figure(&|f| {
            let own = f.kinds.iter().find(|(k, _)| *k == kind);
            own.map_or(f64::NAN, |(_, at)| at.value)
        })
    };
    let value = |v: usize| across(&|row| row.portrait.values[v].value.mean);
    let names: Vec<String> = rows.first().map_or(Vec::new(), |row| {
        let values = row.portrait.values.iter();
        values.map(|v| v.metric.clone()).collect()
    });
    Summary {
        method: method.to_owned(),
        role: rows.first().map_or(Role::Method, |row| row.role),
        residual: figure(&|f| f.residual.value),
        damage: figure(&|f| f.damage.value),
        distance: figure(&|f| f.distance.value),
        kinds: Kind::ALL.map(|kind| (kind, of_kind(kind))).to_vec(),
        distinguishable: rows.iter().filter(|row| row.is_distinguishable()).count(),
        average_gap: across(&|row| row.average_gap),
        values: names
            .into_iter()
            .enumerate()
            .map(|(v, name)| (name, value(v)))
            .collect(),
        diverged: rows.iter().map(|row| row.diverged).sum(),
    }
}

/// For each seed, which of every two methods is certainly nearer to retraining; empty where a seed has
/// several cases.
fn orders(settings: &Settings, cases: &[Judged]) -> Vec<BTreeMap<[String; 2], i32>> {
    if cases.len() != settings.seeds.len() {
        return Vec::new();
    }
    let order = |case: &Judged| {
        let mut order = BTreeMap::new();
        let methods: Vec<&MethodRow> = case
            .methods
            .iter()
            .filter(|m| m.role != Role::Control)
            .collect();
        for one in &methods {
            for other in methods.iter().filter(|other| other.method > one.method) {
                if let (Some(a), Some(b)) = (&one.figures, &other.figures) {
                    let pair = [one.method.clone(), other.method.clone()];
                    order.insert(pair, a.against(b));
                }
            }
        }
        order
    };
    cases.iter().map(order).collect()
}

/// Compares every two rankings.
fn stability(
    rankings: Vec<(u64, Vec<String>)>,
    orders: &[BTreeMap<[String; 2], i32>],
) -> Option<Stability> {
    let of = |(_, ranking): &(u64, Vec<String>)| ranking.len();
    let methods = rankings.first().map_or(0, of);
    if rankings.len() < 2 || methods < 2 {
        return None;
    }
    let end = END.min(methods / 2);
    let (mut best_shared, mut worst_shared, mut tau) = (end, end, 1.0f64);
    for (number, (_, one)) in rankings.iter().enumerate() {
        for (_, other) in &rankings[number + 1..] {
            best_shared = best_shared.min(shared(&one[..end], &other[..end]));
            let last = methods - end;
            worst_shared = worst_shared.min(shared(&one[last..], &other[last..]));
            tau = tau.min(kendall(one, other));
        }
    }
    let (mut certain, mut contradicted) = (0, 0);
    for (number, one) in orders.iter().enumerate() {
        for other in &orders[number + 1..] {
            let both = one
                .iter()
                .filter_map(|(pair, sign)| Some(sign * other.get(pair)?));
            let both: Vec<i32> = both.filter(|sign| *sign != 0).collect();
            certain += both.len();
            contradicted += both.iter().filter(|sign| **sign < 0).count();
        }
    }
    Some(Stability {
        certain,
        contradicted,
        end,
        best_shared,
        worst_shared,
        tau,
        stable: best_shared + 1 >= end && worst_shared + 1 >= end && tau >= TAU,
        rankings,
    })
}

fn shared(one: &[String], other: &[String]) -> usize {
    one.iter().filter(|name| other.contains(name)).count()
}

/// Kendall's τ: pairs in the same order less those in the other, over all pairs.
fn kendall(one: &[String], other: &[String]) -> f64 {
    let place = |name: &String| other.iter().position(|n| n == name);
    let places: Vec<Option<usize>> = one.iter().map(place).collect();
    let mut signs = Vec::new();
    for (number, first) in places.iter().enumerate() {
        signs.extend(
            places[number + 1..]
                .iter()
                .map(|last| match first.cmp(last) {
                    Ordering::Less => 1.0,
                    Ordering::Equal => 0.0,
                    Ordering::Greater => -1.0,
                }),
        );
    }
    mean(&signs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(letters: &str) -> Vec<String> {
        letters.chars().map(String::from).collect()
    }

    #[test]
    fn kendalls_tau_is_what_a_person_counts() {
        assert_eq!(kendall(&names("abcd"), &names("abcd")), 1.0);
        assert_eq!(kendall(&names("abcd"), &names("dcba")), -1.0);
        // One of six pairs is in the other order.
        let swapped = kendall(&names("abcd"), &names("bacd"));
        assert!((swapped - 4.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_ranking_is_stable_where_seeds_agree_at_both_ends_and_on_the_order() {
        let of = |rankings: &[&str]| {
            let numbered = (1..).zip(rankings);
            stability(numbered.map(|(seed, r)| (seed, names(r))).collect(), &[])
        };
        let same = of(&["abcdefghijkl", "abcdefghijlk"]).unwrap();
        assert_eq!((same.end, same.best_shared, same.worst_shared), (5, 5, 5));
        assert!(same.stable);
        let reversed = of(&["abcdefghijkl", "abcdefghijkl", "lkjihgfedcba"]).unwrap();
        assert_eq!((reversed.best_shared, reversed.tau), (0, -1.0));
        assert!(!reversed.stable);
        // The order within the ends counts too.
        assert!(!of(&["abcdefghijkl", "edcbafglkjih"]).unwrap().stable);
        assert!(of(&["abcd"]).is_none());
    }

    #[test]
    fn certain_orders_are_counted_where_two_seeds_agree_or_not() {
        let order = |signs: [i32; 3]| {
            let pairs = [("a", "b"), ("a", "c"), ("b", "c")];
            let named = pairs.iter().zip(signs);
            let named = named.map(|((a, b), sign)| ([(*a).to_owned(), (*b).to_owned()], sign));
            named.collect::<BTreeMap<_, _>>()
        };
        let rankings = vec![(1, names("abc")), (2, names("abc"))];
        let s = stability(rankings, &[order([-1, 0, -1]), order([-1, -1, 1])]).unwrap();
        assert_eq!((s.certain, s.contradicted), (2, 1));
    }
}
