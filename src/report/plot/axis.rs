//! Where the curves' points go: the phases along x, the accuracies along y.

use crate::record::{Arm, Figures, Phase, Point, Spread};
use crate::run_record::RunRecord;

/// Which figure a panel shows.
pub(crate) type Figure = fn(&Figures) -> &Spread;

/// A phase's stretch of the x axis, in fractions of its width.
pub(crate) struct Span {
    pub(crate) phase: Phase,
    pub(crate) from: f64,
    pub(crate) to: f64,
    /// The phase's length.
    pub(crate) epochs: f64,
    steps: u32,
}

impl Span {
    /// A phase of the record, if it has it. Its epochs are told as `main` counts them; every arm
    /// does as many steps.
    fn of(record: &RunRecord, phase: Phase, main: Arm, (from, to): (f64, f64)) -> Option<Self> {
        let points = || record.points.iter().filter(|p| p.phase == phase);
        let steps = points().map(|p| p.step).max()?;
        let longest = |arms: &[Arm]| {
            let told = points().filter(|p| arms.is_empty() || arms.contains(&p.arm));
            told.map(|p| p.epoch).fold(0.0, f64::max)
        };
        let own = longest(&[main]);
        Some(Self {
            phase,
            from,
            to,
            epochs: if own > 0.0 { own } else { longest(&[]) },
            steps,
        })
    }

    /// The position of a fraction of the phase. Where weights are changed that exist already, the
    /// first steps matter most, so these phases have a square-root scale.
    fn at(&self, share: f64) -> f64 {
        let bent = match self.phase {
            Phase::Learn => share,
            Phase::Unlearn | Phase::Relearn => share.max(0.0).sqrt(),
        };
        self.from + (self.to - self.from) * bent
    }

    /// The position of a number of epochs.
    pub(crate) fn at_epoch(&self, epoch: f64) -> f64 {
        self.at(epoch / self.epochs)
    }

    /// Where labels are wanted, the most important first.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        let mut ticks = vec![self.epochs, 0.0];
        match self.phase {
            Phase::Learn => {
                let step = nice_step(self.epochs, 6.0);
                let marks = (1..).map(|i| step * f64::from(i));
                ticks.extend(marks.take_while(|&m| m < self.epochs));
            }
            Phase::Unlearn | Phase::Relearn => {
                let marks = [1024.0, 256.0, 64.0, 16.0, 4.0, 1.0, 0.25, 0.0625, 0.015_625];
                ticks.extend(marks.into_iter().filter(|&m| m < self.epochs));
            }
        }
        ticks
    }
}

/// The x axis: the phases that the record has, side by side.
pub(crate) struct PhaseAxis {
    pub(crate) spans: Vec<Span>,
}

impl PhaseAxis {
    /// The axis of a record, which may lack phases when its run was cut short.
    pub(crate) fn of(record: &RunRecord) -> Self {
        let shares = [
            (Phase::Learn, 0.4, Arm::Original),
            (Phase::Unlearn, 0.3, Arm::Unlearned),
            (Phase::Relearn, 0.3, Arm::Relearned),
        ];
        let mut spans: Vec<Span> = Vec::new();
        for (phase, share, main) in shares {
            let from = spans.last().map_or(0.0, |s| s.to);
            spans.extend(Span::of(record, phase, main, (from, from + share)));
        }
        let whole = spans.last().map_or(1.0, |s| s.to);
        for span in &mut spans {
            span.from /= whole;
            span.to /= whole;
        }
        Self { spans }
    }

    /// An evaluation point as a point of a curve.
    fn dot(&self, point: &Point, figure: Figure) -> Option<Dot> {
        let span = self.spans.iter().find(|s| s.phase == point.phase)?;
        let spread = figure(&point.figures);
        Some(Dot {
            x: span.at(f64::from(point.step) / f64::from(span.steps.max(1))),
            mean: 100.0 * spread.mean,
            std: 100.0 * finite(spread.std),
        })
    }
}

/// No spread instead of an unusable one.
fn finite(std: f64) -> f64 {
    if std.is_finite() { std } else { 0.0 }
}

/// One point of a curve, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dot {
    pub(crate) x: f64,
    pub(crate) mean: f64,
    pub(crate) std: f64,
}

/// The curve of `arm` through all phases. That of the unlearned arm starts where the original
/// ended learning, and goes on as the relearned arm.
pub(crate) fn curve(record: &RunRecord, axis: &PhaseAxis, arm: Arm, figure: Figure) -> Vec<Dot> {
    let of = |phase: Phase, arm: Arm| {
        let points = record.points.iter();
        points.filter(move |p| p.phase == phase && p.arm == arm)
    };
    let points: Vec<&Point> = if arm == Arm::Unlearned {
        let after = of(Phase::Unlearn, arm).chain(of(Phase::Relearn, Arm::Relearned));
        let after: Vec<&Point> = after.collect();
        let start = of(Phase::Learn, Arm::Original).next_back();
        let start = start.filter(|_| after.first().is_some_and(|p| p.step > 0));
        start.into_iter().chain(after).collect()
    } else {
        let phases = [Phase::Learn, Phase::Unlearn, Phase::Relearn];
        phases.into_iter().flat_map(|p| of(p, arm)).collect()
    };
    let dots = points.into_iter().filter_map(|p| axis.dot(p, figure));
    dots.filter(|d| d.mean.is_finite()).collect()
}

/// The lower end of the y axis, in percent: as high as it can be without hiding anything but the
/// first quarter of an epoch, which starts from chance.
pub(crate) fn floor(record: &RunRecord, figure: Figure) -> f64 {
    let last = |p: &Point| {
        let same = |q: &&Point| q.phase == p.phase && q.arm == p.arm;
        let steps = record.points.iter().filter(same).map(|q| q.step);
        steps.max() == Some(p.step)
    };
    let counts = |p: &&Point| p.phase != Phase::Learn || p.epoch > 0.2501 || last(p);
    let low = |p: &Point| {
        let spread = figure(&p.figures);
        100.0 * (spread.mean - finite(spread.std))
    };
    let lowest = record.points.iter().filter(counts).map(low);
    let lowest = lowest.filter(|v| v.is_finite()).fold(100.0, f64::min);
    let floors = [98.0, 95.0, 90.0, 85.0, 80.0, 70.0, 60.0, 50.0, 40.0, 20.0];
    let fits = |&floor: &f64| floor + 0.02 * (100.0 - floor) <= lowest;
    floors.into_iter().find(fits).unwrap_or(0.0)
}

/// Both ends of the y axis, in percent, around what follows the learn phase alone: where curves lie close to
/// each other, they can be told apart.
pub(crate) fn close(record: &RunRecord, figure: Figure) -> (f64, f64) {
    let learned = |p: &&Point| p.phase == Phase::Learn && p.arm == Arm::Original;
    let start = record.points.iter().rfind(learned);
    let later = record.points.iter().filter(|p| p.phase != Phase::Learn);
    let ends = |p: &Point| {
        let spread = figure(&p.figures);
        let (mean, std) = (100.0 * spread.mean, 100.0 * finite(spread.std));
        [mean - std, mean + std]
    };
    let mut later = later.peekable();
    if later.peek().is_none() {
        return (floor(record, figure), 100.0);
    }
    let all: Vec<f64> = later.chain(start).flat_map(ends).collect();
    let all = || all.iter().copied().filter(|end| end.is_finite());
    let (low, high) = (all().fold(100.0, f64::min), all().fold(0.0, f64::max));
    // Labels have room for whole numbers.
    let step = nice_step(high - low, 5.0).max(1.0);
    let to = ((high / step).ceil() * step).clamp(step, 100.0);
    (((low / step).floor() * step).clamp(0.0, to - step), to)
}

/// A round distance between marks, so that `length` has at most `most` of them.
pub(crate) fn nice_step(length: f64, most: f64) -> f64 {
    let raw = length / most;
    if raw.is_nan() || raw <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(raw.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|s| s * power);
    steps
        .into_iter()
        .find(|&s| s >= raw * 0.999)
        .unwrap_or(10.0 * power)
}

/// A number of epochs as people write it: `1/16`, `2.5`, `5`.
pub(crate) fn epochs_text(epochs: f64) -> String {
    let inverse = 1.0 / epochs;
    if epochs < 1.0 && (inverse - inverse.round()).abs() < 1e-6 {
        return format!("1/{}", inverse.round());
    }
    let digits = if epochs < 0.1 { 3 } else { 2 };
    let text = format!("{epochs:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_main_curve_starts_where_the_original_ended_and_never_goes_back() {
        let record = sample::record();
        let axis = PhaseAxis::of(&record);
        let main = curve(&record, &axis, Arm::Unlearned, |f| &f.forget_accuracy);
        assert!((main[0].x - 0.4).abs() < 1e-9);
        assert!(main[0].mean > 90.0);
        assert!(main.windows(2).all(|w| w[0].x <= w[1].x));
        assert!((main[main.len() - 1].x - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_floor_zooms_but_hides_no_end() {
        let record = sample::record();
        assert!(floor(&record, |f| &f.retain_accuracy) >= 80.0);
        assert!(floor(&record, |f| &f.forget_accuracy) <= 0.0);
    }

    #[test]
    fn a_close_axis_holds_all_that_follows_learning_and_little_more() {
        let mut record = sample::record();
        let later = |p: &&mut Point| p.phase != Phase::Learn || p.arm == Arm::Original;
        for point in record.points.iter_mut().filter(later) {
            point.figures.retain_accuracy = Spread::of(vec![0.965, 0.973]);
        }
        assert_eq!(close(&record, |f| &f.retain_accuracy), (96.0, 98.0));
        for point in record.points.iter_mut().filter(later) {
            point.figures.retain_accuracy = Spread::of(vec![1.0, 1.0]);
        }
        assert_eq!(close(&record, |f| &f.retain_accuracy), (99.0, 100.0));
        record.points.retain(|p| p.phase == Phase::Learn);
        let (from, to) = close(&record, |f| &f.retain_accuracy);
        assert!(from >= 0.0 && from < to && to <= 100.0);
    }

    #[test]
    fn epochs_read_well() {
        let texts = [0.0, 0.0625, 0.5, 0.75, 2.5, 5.0, 10.0].map(epochs_text);
        assert_eq!(texts, ["0", "1/16", "1/2", "0.75", "2.5", "5", "10"]);
    }
}
