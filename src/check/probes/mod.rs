//! Known miscomputations of GPU stacks, as small shaders with contracts.

#[cfg(test)]
mod early;
mod list;
