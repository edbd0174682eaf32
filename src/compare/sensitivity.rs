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

    fn opposite(self) -> Self {
        match self {
            Self::LowerRate => Self::HigherRate,
            Self::HigherRate => Self::LowerRate,
            Self::LowerStrength => Self::HigherStrength,
            Self::HigherStrength => Self::LowerStrength,
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

/// The neighbourhood of the chosen setting in the grid of settings tried.
#[derive(Clone, Debug, Serialize)]
pub struct Sensitivity {
    /// The average gap of the chosen setting; like the neighbours', it is measured on the tuning
    /// networks.
    pub gap: f64,
    /// The settings next to it.
    pub neighbours: Vec<Neighbour>,
    /// Directions in which the grid ends at the chosen setting: a better one may lie beyond.
    pub ends: Vec<Direction>,
}

impl Sensitivity {
    /// For one of the settings tried; `None` if it was the only one.
    pub(super) fn of(tried: &[Tried], chosen: Setting) -> Option<Self> {
        let own = tried.iter().find(|t| t.setting == chosen)?;
        let next = |direction: Direction| {
            let away = |t: &Tried| Some((direction.distance(chosen, t.setting)?, *t));
            let nearest = tried.iter().filter_map(away);
            let nearest = nearest.min_by(|a, b| a.0.total_cmp(&b.0));
            nearest.map(|(_, tried)| Neighbour { direction, tried })
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
