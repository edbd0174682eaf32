//! Arrays that compilers keep in vector registers, in functions compiled for the processor's widest
//! units.
//!
//! Loops count: functions of the standard library that are generic and not marked for inlining, as of `zip`
//! and `array::from_fn`, may be compiled apart, for any processor.

/// Numbers in a register of AVX2; elsewhere in two, or in half of one.
pub(super) const LANES: usize = 8;
/// Outputs that are computed at a time: enough registers to hide the latency of a multiply-add.
pub(super) const TILE: usize = 8 * LANES;

/// A register.
pub(super) type Lane = [f32; LANES];
/// Sums of as many outputs as are computed at a time.
pub(super) type Tile = [f32; TILE];

/// Work with numbers that is compiled for several kinds of processors. All it calls must be
/// inlined.
pub(super) trait Work {
    /// What comes out.
    type Output;

    /// Does it, with multiply-adds that round once or twice.
    fn run<const FUSED: bool>(self) -> Self::Output;
}

/// Does work with what the processor has.
pub(super) fn fastest<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the processor has what the function is compiled for.
        #[expect(unsafe_code, reason = "the only way to call it")]
        return unsafe { with_avx2(work) };
    }
    work.run::<{ cfg!(target_arch = "aarch64") }>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<W: Work>(work: W) -> W::Output {
    work.run::<true>()
}

/// a · b + c.
#[inline(always)]
pub(super) fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// sum ← sum + factor · values.
#[inline(always)]
pub(super) fn add<const N: usize, const FUSED: bool>(
    sum: &mut [f32; N],
    values: &[f32; N],
    factor: f32,
) {
    for i in 0..N {
        sum[i] = multiply_add::<FUSED>(values[i], factor, sum[i]);
    }
}

/// Rows for columns, by exchanges of ones, pairs and quadruples.
#[inline(always)]
pub(super) fn turned(m: [Lane; LANES]) -> [Lane; LANES] {
    let m = exchanged::<1>(m);
    let m = exchanged::<2>(m);
    exchanged::<4>(m)
}

/// Exchanges blocks of N columns and rows beside the diagonal.
#[inline(always)]
fn exchanged<const N: usize>(m: [Lane; LANES]) -> [Lane; LANES] {
    let mut all = m;
    for row in 0..LANES {
        if row & N == 0 {
            all[row] = blocks::<N>(&m[row], &m[row | N], 0);
            all[row | N] = blocks::<N>(&m[row], &m[row | N], N);
        }
    }
    all
}

/// Every other block of N of `a`, beginning with the first or the second, each before the same of `b`.
#[inline(always)]
fn blocks<const N: usize>(a: &Lane, b: &Lane, second: usize) -> Lane {
    let mut all = [0.0; LANES];
    for i in 0..LANES {
        let from = if i & N == 0 { a } else { b };
        all[i] = from[(i & !N) | second];
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let m: [Lane; LANES] =
            std::array::from_fn(|i| std::array::from_fn(|j| (10 * i + j) as f32));
        let columns = turned(m);
        for (i, column) in columns.iter().enumerate() {
            for (j, number) in column.iter().enumerate() {
                assert_eq!(*number, m[j][i]);
            }
        }
    }
}
