//! How near a float must come to a reference's.

use super::schema::Tolerance;
use crate::kernels::Expected;

/// A float near this one; none where it is no finite f32, which is near nothing.
pub(super) fn within(value: f64, Tolerance { absolute, relative }: Tolerance) -> Option<Expected> {
    #[expect(clippy::cast_possible_truncation, reason = "rounded, then up")]
    let bound = ((absolute + relative * value.abs()) as f32).next_up();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only asked whether it is finite"
    )]
    let finite = (value as f32).is_finite();
    let exact = absolute + relative == 0.0;
    finite.then_some(Expected::Near {
        value,
        bound: if exact { 0.0 } else { bound },
    })
}
