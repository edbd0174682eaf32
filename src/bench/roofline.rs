//! What the ceilings allow a kernel: the longest of the times for its operations, its bytes and a
//! launch.

use super::report::Ceilings;
use crate::kernels::cost::Cost;

/// The least time that a kernel can take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// In microseconds.
    pub(super) us: f64,
    /// What it is bound by.
    pub(super) by: &'static str,
    /// What memory allows of its working set, in 10⁹ bytes a second.
    pub(super) roof_gbs: f64,
}

impl Bound {
    /// Of this work, on so many bytes of buffers.
    pub(super) fn of(ceilings: &Ceilings, cost: Cost, working_set: u64) -> Self {
        let roof_gbs = ceilings.memory_roof(working_set);
        let bounds = [
            (1e-3 * cost.flops as f64 / ceilings.gflops, "compute"),
            (1e-3 * cost.bytes as f64 / roof_gbs, "memory"),
            (ceilings.dependent_dispatch_us, "launch"),
        ];
        // Where a ceiling is not known, neither is what it allows.
        let known = bounds.iter().all(|(us, _)| us.is_finite());
        let longest = bounds.into_iter().max_by(|a, b| a.0.total_cmp(&b.0));
        let (us, by) = longest.filter(|_| known).unwrap_or((f64::NAN, "–"));
        Self { us, by, roof_gbs }
    }
}

impl Ceilings {
    /// The fastest that memory of a working set of so many bytes can be, in 10⁹ bytes a second. Kernels
    /// do not say which of their bytes they read and which they write, so it is the fastest of reading
    /// that set, of writing, and of copying.
    pub fn memory_roof(&self, working_set: u64) -> f64 {
        let all = [self.cached(working_set), self.gbs, self.write_gbs];
        all.into_iter().fold(f64::NAN, f64::max)
    }

    /// What is read of a working set of this size: between two points of the curve on a line through
    /// them, both axes logarithmic. What a larger set allows a smaller one allows, too: where the curve
    /// says less, it was disturbed.
    fn cached(&self, working_set: u64) -> f64 {
        let mut highest = f64::NAN;
        let mut above: Option<(f64, f64)> = None;
        let wanted = (working_set.max(1) as f64).log2();
        for rate in self.curve.iter().rev() {
            highest = highest.max(rate.gbs);
            let at = (rate.bytes as f64).log2();
            if wanted >= at {
                let Some((next, gbs)) = above else { break };
                let share = (wanted - at) / (next - at);
                return highest.powf(1.0 - share) * f64::powf(gbs, share);
            }
            above = Some((at, highest));
        }
        highest
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Rate;
    use super::*;

    fn ceilings() -> Ceilings {
        let rate = |(bytes, gbs)| Rate { bytes, gbs };
        Ceilings {
            gflops: 100.0,
            gbs: 8.0,
            write_gbs: 6.0,
            dependent_dispatch_us: 5.0,
            // A dip at 64 KiB, where something else ran.
            curve: [
                (1 << 14, 64.0),
                (1 << 16, 20.0),
                (1 << 18, 32.0),
                (1 << 20, 4.0),
            ]
            .map(rate)
            .to_vec(),
            ..Ceilings::default()
        }
    }

    #[test]
    fn a_working_set_has_the_rate_of_the_curve_at_its_size() {
        let c = ceilings();
        let near = |bytes: u64, gbs: f64| {
            let found = c.memory_roof(bytes);
            assert!((found - gbs).abs() < 1e-9, "{bytes}: {found}");
        };
        near(1, 64.0);
        near(1 << 14, 64.0);
        near(1 << 15, (64.0f64 * 32.0).sqrt());
        near(1 << 16, 32.0);
        near(1 << 18, 32.0);
        near(1 << 19, (32.0f64 * 4.0).sqrt());
        // Beyond all caches the copy is faster than reading alone.
        near(1 << 20, 8.0);
        near(1 << 30, 8.0);
        let none = Ceilings::default();
        assert!(none.memory_roof(1 << 20).is_nan());
    }

    #[test]
    fn a_kernel_is_bound_by_what_takes_longest() {
        let c = ceilings();
        for (flops, bytes, set, by, us) in [
            (1_000_000, 1000, 1 << 20, "compute", 10.0),
            (1000, 160_000, 1 << 20, "memory", 20.0),
            // The same bytes out of a cache.
            (1000, 160_000, 1 << 18, "memory", 5.0),
            (1000, 16_000, 1 << 18, "launch", 5.0),
        ] {
            let bound = Bound::of(&c, Cost { flops, bytes }, set);
            assert!((bound.us - us).abs() < 1e-9, "{bound:?}");
            assert!(bound.by == by || us == 5.0, "{bound:?}");
        }
        let unknown = Ceilings {
            gflops: f64::NAN,
            ..c
        };
        let cost = Cost { flops: 1, bytes: 1 };
        let bound = Bound::of(&unknown, cost, 1);
        assert!(bound.us.is_nan() && bound.by == "–");
    }
}
