//! What WGSL's memory model says of a litmus test. WGSL takes over the Vulkan memory model with
//! relaxed atomics; of that, two sides with constant stores need three rules:
//!
//! - A load reads from one store of its location, or from the zero before all of them (*rf*); the stores
//!   of a location have an order (*co*), which ends with the value that stays.
//! - What happens before what is the program's order on each side; and, where both sides pass a control
//!   barrier, all that precedes it on either side happens before all that follows it (*hb*).
//! - Per location, hb, rf, co and *fr* (from a load to the stores after the one that it read from) have
//!   no cycle.
//!
//! Without a barrier nothing orders accesses to different locations.

use std::collections::BTreeSet;

use super::program::{Access, Location, Test};

/// Codes of outcomes whose values are all below four.
const CODES: u32 = 1 << 12;
/// The counters of a histogram: one more is for all other outcomes.
pub(super) const BINS: usize = CODES as usize + 1;

/// How an instance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Outcome {
    /// What the accesses A0, A1, B0 and B1 saw: zero where they do not load.
    pub(super) saw: [u32; 4],
    /// What x and y held in the end.
    pub(super) last: [u32; 2],
}

impl Outcome {
    /// The outcome with this code; none for the values that no test stores.
    pub(super) fn of(code: usize) -> Option<Self> {
        let code = u32::try_from(code).ok().filter(|code| *code < CODES)?;
        let value = |place: usize| code >> (2 * place) & 3;
        Some(Self {
            saw: std::array::from_fn(value),
            last: std::array::from_fn(|location| value(4 + location)),
        })
    }

    /// In words: what loads saw, as r0, r1, …, and what stayed, where that can differ.
    pub(super) fn text(&self, test: &Test) -> String {
        let accesses = test.sides.concat();
        let loads = accesses.iter().zip(self.saw);
        let loads = loads.filter(|(access, _)| matches!(access, Access::Load(_)));
        let mut parts: Vec<String> = loads
            .enumerate()
            .map(|(number, (_, saw))| format!("r{number}={saw}"))
            .collect();
        for (name, location) in [("x", Location::X), ("y", Location::Y)] {
            let stored = accesses.iter().filter_map(|access| match access {
                Access::Store(at, value) if *at == location => Some(*value),
                _ => None,
            });
            let stored: Vec<u32> = stored.collect();
            let last = self.last[location as usize];
            if stored.len() > 1 || stored.first().is_some_and(|value| *value != last) {
                parts.push(format!("{name}={last}"));
            }
        }
        parts.join(" ")
    }
}

/// An access of a side.
#[derive(Clone, Copy)]
struct Event {
    side: usize,
    /// Its place in `Outcome::saw`.
    number: usize,
    /// Whether the side makes it second.
    second: bool,
    access: Access,
}

/// What may come of a test.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    /// What its accesses allow, one after the other.
    pub(super) sequential: BTreeSet<Outcome>,
    /// Whatever WGSL allows.
    pub(super) all: BTreeSet<Outcome>,
}

impl Allowed {
    pub(super) fn of(test: &Test) -> Self {
        Self {
            sequential: sequential(test),
            all: consistent(test),
        }
    }
}

fn events(test: &Test) -> Vec<Event> {
    let event = |number: usize| {
        let (side, second) = (number / 2, number % 2 == 1);
        Event {
            side,
            number,
            second: second != test.swapped[side],
            access: test.sides[side][number % 2],
        }
    };
    (0..4).map(event).collect()
}

/// Whether one access happens before another.
fn before(test: &Test, a: Event, b: Event) -> bool {
    (a.side == b.side || test.barrier) && !a.second && b.second
}

/// Whether two accesses conflict, are not both atomic, and neither happens before the other.
#[cfg(test)]
pub(super) fn races(test: &Test) -> bool {
    let events = events(test);
    let store = |e: Event| matches!(e.access, Access::Store(..));
    let pairs = events
        .iter()
        .flat_map(|a| events.iter().map(move |b| (*a, *b)));
    let mut conflicts = pairs.filter(|(a, b)| {
        let location = a.access.location();
        a.number < b.number && location.is_some() && location == b.access.location()
    });
    test.plain
        && conflicts
            .any(|(a, b)| (store(a) || store(b)) && !before(test, a, b) && !before(test, b, a))
}

/// The outcomes of all interleavings.
fn sequential(test: &Test) -> BTreeSet<Outcome> {
    let events = events(test);
    let possible = |order: &Vec<Event>| {
        let place = |n: usize| order.iter().position(|e| e.number == n);
        let pairs = events
            .iter()
            .flat_map(|a| events.iter().map(move |b| (*a, *b)));
        let mut ordered = pairs.filter(|(a, b)| before(test, *a, *b));
        ordered.all(|(a, b)| place(a.number) < place(b.number))
    };
    let orders = permutations(&events).into_iter().filter(possible);
    orders.map(|order| ran(&order)).collect()
}

/// What comes of accesses in this order.
fn ran(order: &[Event]) -> Outcome {
    let (mut saw, mut last) = ([0; 4], [0; 2]);
    for event in order {
        match event.access {
            Access::Nothing => {}
            Access::Load(at) => saw[event.number] = last[at as usize],
            Access::Store(at, value) => last[at as usize] = value,
        }
    }
    Outcome { saw, last }
}

/// The outcomes of all executions that are consistent. No rule ties one location to the other.
fn consistent(test: &Test) -> BTreeSet<Outcome> {
    let [of_x, of_y] = [Location::X, Location::Y].map(|location| of_location(test, location));
    let both = |x: &Outcome| {
        let x = *x;
        of_y.iter().map(move |y| Outcome {
            saw: std::array::from_fn(|n| x.saw[n] + y.saw[n]),
            last: [x.last[0], y.last[1]],
        })
    };
    of_x.iter().flat_map(both).collect()
}

/// The outcomes of the accesses to one location.
fn of_location(test: &Test, location: Location) -> BTreeSet<Outcome> {
    let mut events = events(test);
    events.retain(|e| e.access.location() == Some(location));
    let is_store = |e: &Event| matches!(e.access, Access::Store(..));
    let (stores, loads): (Vec<Event>, Vec<Event>) = events.iter().partition(|e| is_store(e));
    let mut outcomes = BTreeSet::new();
    for co in permutations(&stores) {
        for rf in sources(&loads, co.len()) {
            if !cyclic(test, &co, &rf) {
                outcomes.insert(outcome(location, &co, &rf));
            }
        }
    }
    outcomes
}

/// Every way for loads to read from so many stores: the place in co of each load's store, from 1; 0 is the
/// zero before all.
fn sources(loads: &[Event], stores: usize) -> Vec<Vec<(Event, usize)>> {
    let Some((load, others)) = loads.split_first() else {
        return vec![Vec::new()];
    };
    let with = |from| {
        let rest = sources(others, stores).into_iter();
        rest.map(move |rest| [vec![(*load, from)], rest].concat())
    };
    (0..=stores).flat_map(with).collect()
}

fn outcome(location: Location, co: &[Event], rf: &[(Event, usize)]) -> Outcome {
    let value = |place: usize| match place.checked_sub(1).map(|n| co[n].access) {
        Some(Access::Store(_, value)) => value,
        _ => 0,
    };
    let (mut saw, mut last) = ([0; 4], [0; 2]);
    for (load, from) in rf {
        saw[load.number] = value(*from);
    }
    last[location as usize] = value(co.len());
    Outcome { saw, last }
}

/// Whether hb, rf, co and fr have a cycle.
fn cyclic(test: &Test, co: &[Event], rf: &[(Event, usize)]) -> bool {
    let mut after = [[false; 4]; 4];
    let events = || co.iter().copied().chain(rf.iter().map(|(load, _)| *load));
    for a in events() {
        for b in events() {
            after[a.number][b.number] |= before(test, a, b);
        }
    }
    for pair in co.windows(2) {
        after[pair[0].number][pair[1].number] = true;
    }
    for (load, from) in rf {
        for (place, store) in (1..).zip(co) {
            match place == *from {
                true => after[store.number][load.number] = true,
                false if place > *from => after[load.number][store.number] = true,
                false => {}
            }
        }
    }
    for via in 0..4 {
        for from in 0..4 {
            for to in 0..4 {
                after[from][to] |= after[from][via] && after[via][to];
            }
        }
    }
    (0..4).any(|n| after[n][n])
}

fn permutations(of: &[Event]) -> Vec<Vec<Event>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |first: usize| {
        let mut rest = of.to_vec();
        let head = rest.remove(first);
        let tails = permutations(&rest).into_iter();
        tails.map(move |tail| [vec![head], tail].concat())
    };
    (0..of.len()).flat_map(with_first).collect()
}
