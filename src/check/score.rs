//! What became of mutants, as plain data.

use serde::{Deserialize, Serialize};

/// What became of the mutants of one variant of a kernel.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MutationScore {
    /// The kernel's name.
    pub kernel: String,
    /// The variant's.
    pub variant: String,
    /// Mutants that some case found wrong.
    pub caught: u32,
    /// Mutants that the shader compiler refused: they count neither as caught nor as mutants.
    pub refused: u32,
    /// Mutants that no case found, with the reason why they compute the same.
    pub equivalent: Vec<(String, String)>,
    /// Mutants that no case found: holes in the check.
    pub survivors: Vec<String>,
    /// How long it took.
    pub seconds: f64,
}

impl MutationScore {
    /// Mutants that compute something else than the original.
    pub fn mutants(&self) -> u32 {
        self.caught + u32::try_from(self.survivors.len()).unwrap_or(u32::MAX)
    }
}
