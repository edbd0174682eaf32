//! The litmus tests: who makes which accesses, in which memory, with a barrier or without.

/// A location of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Location {
    X,
    Y,
}

/// An access to a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// None at all.
    Nothing,
    Load(Location),
    /// The value is 1, 2 or 3.
    Store(Location, u32),
}

use Access::{Load, Nothing, Store};
use Location::{X, Y};

impl Access {
    pub(super) fn location(self) -> Option<Location> {
        match self {
            Nothing => None,
            Load(location) | Store(location, _) => Some(location),
        }
    }

    /// What the shader calls it.
    fn code(self) -> u32 {
        let of = |location, value| 2 * value + location as u32;
        match self {
            Nothing => 99,
            Load(location) => of(location, 0),
            Store(location, value) => of(location, value),
        }
    }
}

/// Where a test plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In storage memory, between two workgroups.
    Between,
    /// In storage memory, within a workgroup.
    Storage,
    /// In workgroup memory.
    Shared,
}

/// A row of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Relaxed atomics in storage memory.
    Storage,
    /// Relaxed atomics in workgroup memory.
    Shared,
    /// With a barrier between the accesses.
    Barriers,
}

impl Group {
    pub(super) const ALL: [Self; 3] = [Self::Storage, Self::Shared, Self::Barriers];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::Shared => "shared",
            Self::Barriers => "barriers",
        }
    }
}

/// A litmus test.
#[derive(Clone, Debug)]
pub(super) struct Test {
    /// The pattern's usual name, and what sets this test apart.
    pub(super) name: String,
    /// What sides A and B do, in this order.
    pub(super) sides: [[Access; 2]; 2],
    /// Whether a side does it in the other order: what mutants do.
    pub(super) swapped: [bool; 2],
    pub(super) place: Place,
    /// Whether the accesses are not atomic.
    pub(super) plain: bool,
    /// Whether both sides pass a barrier between their accesses.
    pub(super) barrier: bool,
}

type Pattern = (&'static str, [[Access; 2]; 2]);

/// Two accesses to each of two locations. Names are those of the literature.
const TWO_LOCATIONS: [Pattern; 6] = [
    ("mp", [[Store(X, 1), Store(Y, 1)], [Load(Y), Load(X)]]),
    ("lb", [[Load(X), Store(Y, 1)], [Load(Y), Store(X, 1)]]),
    ("sb", [[Store(X, 1), Load(Y)], [Store(Y, 1), Load(X)]]),
    ("s", [[Store(X, 2), Store(Y, 1)], [Load(Y), Store(X, 1)]]),
    ("r", [[Store(X, 1), Store(Y, 1)], [Store(Y, 2), Load(X)]]),
    (
        "2+2w",
        [[Store(X, 1), Store(Y, 2)], [Store(Y, 1), Store(X, 2)]],
    ),
];

/// The coherence of one location.
const ONE_LOCATION: [Pattern; 4] = [
    ("corr", [[Store(X, 1), Nothing], [Load(X), Load(X)]]),
    ("corw", [[Load(X), Store(X, 1)], [Store(X, 2), Nothing]]),
    ("cowr", [[Store(X, 1), Load(X)], [Store(X, 2), Nothing]]),
    ("coww", [[Store(X, 1), Store(X, 2)], [Load(X), Load(X)]]),
];

impl Test {
    fn new((pattern, sides): Pattern, place: Place, plain: bool, barrier: bool) -> Self {
        let shared = ["", "-shared"][usize::from(place == Place::Shared)];
        let bar = ["", "-bar"][usize::from(barrier)];
        let atomic = ["", "-plain"][usize::from(plain)];
        Self {
            name: format!("{pattern}{shared}{bar}{atomic}"),
            sides,
            swapped: [false; 2],
            place,
            plain,
            barrier,
        }
    }

    /// All tests.
    pub(super) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for place in [Place::Between, Place::Shared] {
            let patterns = TWO_LOCATIONS.into_iter().chain(ONE_LOCATION);
            all.extend(patterns.map(|pattern| Self::new(pattern, place, false, false)));
        }
        for place in [Place::Storage, Place::Shared] {
            for plain in [false, true] {
                let patterns = TWO_LOCATIONS.into_iter();
                all.extend(patterns.map(|pattern| Self::new(pattern, place, plain, true)));
            }
        }
        all
    }

    /// The row that it belongs to.
    pub(super) fn group(&self) -> Group {
        match (self.barrier, self.place) {
            (true, _) => Group::Barriers,
            (false, Place::Shared) => Group::Shared,
            (false, _) => Group::Storage,
        }
    }

    /// Whether both sides are in one workgroup.
    pub(super) fn within(&self) -> bool {
        self.place != Place::Between
    }

    /// Values for the constants of the shader, apart from the workgroup's size.
    pub(super) fn constants(&self) -> Vec<(&'static str, u32)> {
        let [[a0, a1], [b0, b1]] = self.sides.map(|side| side.map(Access::code));
        let [a_swapped, b_swapped] = self.swapped.map(u32::from);
        vec![
            ("A0", a0),
            ("A1", a1),
            ("B0", b0),
            ("B1", b1),
            ("A_SWAPPED", a_swapped),
            ("B_SWAPPED", b_swapped),
            ("WITHIN", self.within().into()),
            ("SHARED", (self.place == Place::Shared).into()),
            ("PLAIN", self.plain.into()),
            ("BARRIER", self.barrier.into()),
        ]
    }
}
