//! The correctness suite: every kernel, in every variant, on every adapter, against references in
//! f64 under derived bounds. `unlearn check` and the tests run the same cases.
//!
//! The way through: `bounded` is the arithmetic of the references; `kernels/` holds, for each
//! kernel, its reference with the derivation of its bounds, and its shapes; a `Case` is one run,
//! with poisoned outputs and guard zones; `plan` says which ones there are, `variant` runs those of a
//! variant on a device and finds the smallest that fails, `suite` runs all; [`training`] checks whole
//! steps; [`litmus`] tests the memory model; `probes` look for known miscomputations; [`shader`]
//! checks users' shaders; [`mutants`] makes faulty shaders, and `power` counts how many the suite finds;
//! [`rewrites`] makes shaders that compute the same, and `control` that all of them pass.

pub(crate) mod cases;
mod control;
mod equivalent;
mod fate;
mod known;
pub mod litmus;
pub mod mutants;
mod page;
mod plan;
mod plant;
mod power;
mod probes;
mod replay;
pub mod report;
pub mod rewrites;
mod score;
mod shader;
mod source;
mod subject;
mod suite;
#[cfg(test)]
mod tightness;
mod tokens;
pub mod training;
mod variant;

pub use control::{ControlObserver, ControlScore, RewriteFailure, control};
pub use known::Known;
pub use page::adapters_page;
pub use plan::Options;
pub use power::{MutationObserver, power};
pub use replay::{Again, Replay};
pub use score::MutationScore;
pub use shader::{OPEN, ShaderOptions, faults, shader, shader_power};
pub use subject::Subject;
pub use suite::{Observer, check};
