//! How a method's results depend on its setting, around the chosen one.

use serde::Serialize;

use super::Tried;
use crate::methods::Setting;

/// The direction of a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The next lower rate.
    LowerRate,
    /// The next higher rate.
    HigherRate,
    /// The next lower strength.
    LowerStrength,
    /// The next higher strength.
    HigherStrength,
}

impl Direction {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::LowerRate,
        Self::HigherRate,
        Self::LowerStrength,
        Self::HigherStrength,
    ];

    /// The name in tables and sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::LowerRate => "lower rate",
            Self::HigherRate => "higher rate",
            Self::LowerStrength => "lower strength",
            Self::HigherStrength => "higher strength",
        }
    }

    /// How far a setting lies in this direction from another; `None` if it lies elsewhere.
    fn distance(self, from: Setting, to: Setting) -> Option<f64> {
        let (rate, strength) = (to.rate - from.rate, to.strength - from.strength);
        let (along, across) = match self {
            Self::LowerRate => (-rate, strength),
            Self::HigherRate => (rate, strength),
            Self::LowerStrength => (-strength, rate),
            Self::HigherStrength => (strength, rate),
        };
        (along > 0.0 && across == 0.0).then_some(along)
    }

    pub(super) fn opposite(self) -> Self {
        match self {
            Self::LowerRate => Self::HigherRate,
            Self::HigherRate => Self::LowerRate,
            Self::LowerStrength => Self::HigherStrength,
            Self::HigherStrength => Self::LowerStrength,
        }
    }

    /// The parameter that changes in this direction.
    pub(super) fn axis(self) -> Axis {
        match self {
            Self::LowerRate | Self::HigherRate => Axis::Rate,
            Self::LowerStrength | Self::HigherStrength => Axis::Strength,
        }
    }

    /// The nearest setting tried in this direction from the chosen one.
    pub(super) fn next(self, tried: &[Tried], chosen: Setting) -> Option<Tried> {
        let away = |t: &Tried| Some((self.distance(chosen, t.setting)?, *t));
        let nearest = tried.iter().filter_map(away);
        let nearest = nearest.min_by(|a, b| a.0.total_cmp(&b.0));
        nearest.map(|(_, tried)| tried)
    }
}

/// A parameter of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Rate,
    Strength,
}

impl Axis {
    pub(super) const ALL: [Self; 2] = [Self::Rate, Self::Strength];

    pub(super) fn of(self, setting: Setting) -> f64 {
        match self {
            Self::Rate => setting.rate,
            Self::Strength => setting.strength,
        }
    }

    /// A setting with this parameter changed.
    pub(super) fn moved(self, from: Setting, change: impl Fn(f64) -> f64) -> Setting {
        match self {
            Self::Rate => Setting::new(change(from.rate), from.strength),
            Self::Strength => Setting::new(from.rate, change(from.strength)),
        }
    }

    pub(super) fn directions(self) -> [Direction; 2] {
        match self {
            Self::Rate => [Direction::LowerRate, Direction::HigherRate],
            Self::Strength => [Direction::LowerStrength, Direction::HigherStrength],
        }
    }
}

/// A setting next to the chosen one.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Neighbour {
    /// Its direction.
    pub direction: Direction,
    /// The setting, and its gap.
    #[serde(flatten)]
    pub tried: Tried,
}

/// The neighbourhood of the chosen setting among the settings tried.
#[derive(Clone, Debug, Serialize)]
pub struct Sensitivity {
    /// The average gap of the chosen setting; like the neighbours', it is measured on the tuning
    /// networks.
    pub gap: f64,
    /// The settings next to it.
    pub neighbours: Vec<Neighbour>,
    /// Directions in which nothing was tried beyond the chosen setting: a better one may lie there.
    pub ends: Vec<Direction>,
}

impl Sensitivity {
    /// For one of the settings tried; `None` if it was the only one.
    pub(super) fn of(tried: &[Tried], chosen: Setting) -> Option<Self> {
        let own = tried.iter().find(|t| t.setting == chosen)?;
        let next = |direction: Direction| {
            let tried = direction.next(tried, chosen)?;
            Some(Neighbour { direction, tried })
        };
        let neighbours: Vec<Neighbour> = Direction::ALL.into_iter().filter_map(next).collect();
        let there = |d: Direction| neighbours.iter().any(|n| n.direction == d);
        let ends = Direction::ALL.into_iter();
        // An axis along which nothing was tried has no end.
        let ends = ends.filter(|d| !there(*d) && there(d.opposite())).collect();
        (!neighbours.is_empty()).then_some(Self {
            gap: own.gap,
            neighbours,
            ends,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_the_next_along_an_axis_and_ends_are_where_there_is_none() {
        let at = |rate: f64, strength: f64| Setting { rate, strength };
        let tried: Vec<Tried> = [(0.1, 1.0), (0.01, 1.0), (0.001, 1.0), (0.01, 2.0)]
            .map(|(rate, strength)| Tried {
                setting: at(rate, strength),
                gap: rate + strength,
            })
            .to_vec();
        let inside = Sensitivity::of(&tried, at(0.01, 1.0)).unwrap();
        let found: Vec<_> = inside.neighbours.iter().map(|n| n.direction).collect();
        assert_eq!(
            found,
            [
                Direction::LowerRate,
                Direction::HigherRate,
                Direction::HigherStrength
            ]
        );
        assert_eq!(inside.neighbours[0].tried.setting.rate, 0.001);
        assert_eq!(inside.ends, [Direction::LowerStrength]);
        let corner = Sensitivity::of(&tried, at(0.1, 1.0)).unwrap();
        assert_eq!(corner.ends, [Direction::HigherRate]);
        assert!(Sensitivity::of(&tried[..1], at(0.1, 1.0)).is_none());
    }
}
