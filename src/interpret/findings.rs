//! What an interpreted shader does that WGSL does not define.

use std::collections::HashMap;
use std::fmt;

use naga::Span;
use serde::Serialize;

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Two invocations access a word, one of them writes it, and nothing orders them.
    Race,
    /// A word of a buffer is read that nothing has ever written.
    Unwritten,
    /// An index is not below the length of what it indexes.
    OutOfBounds,
    /// A barrier that not all invocations of the workgroup reach.
    DivergentBarrier,
    /// A loop that does not end.
    Endless,
    /// A word of workgroup memory is read that nothing has written: WGSL defines it as zero, but
    /// it may be an oversight.
    ZeroRead,
}

impl FindingKind {
    /// Whether it is a fault of the shader; else it is only worth a look.
    pub fn is_fault(self) -> bool {
        self != Self::ZeroRead
    }
}

/// Something that a shader does and must not; the first of several of its kind at its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The variable, as in WGSL, with the element.
    pub place: String,
    /// What happens, as a sentence.
    pub text: String,
    /// The line in the shader, from 1; 0 where it is not known.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// That line of the shader.
    pub snippet: String,
    /// How often it happened.
    pub count: u64,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text)?;
        if self.count > 1 {
            write!(f, " ({} times)", self.count)?;
        }
        if self.line > 0 {
            write!(f, "\n  line {}: {}", self.line, self.snippet)?;
        }
        Ok(())
    }
}

/// The findings of a run, one for each kind and place in the source.
#[derive(Debug, Default)]
pub(super) struct Findings {
    all: Vec<Finding>,
    known: HashMap<(FindingKind, usize, usize), usize>,
}

impl Findings {
    /// Adds a finding at a place of the source, with another one that takes part in it; `words`
    /// gives the place and the sentence of the first.
    pub(super) fn add(
        &mut self,
        source: &str,
        kind: FindingKind,
        [span, other]: [Span; 2],
        words: impl FnOnce() -> (String, String),
    ) {
        let start = |span: Span| span.to_range().map_or(usize::MAX, |range| range.start);
        let key = (kind, start(span), start(other));
        if let Some(&known) = self.known.get(&key) {
            self.all[known].count += 1;
            return;
        }
        self.known.insert(key, self.all.len());
        let (place, text) = words();
        let (line, column) = position(source, span);
        let snippet = source.lines().nth((line as usize).wrapping_sub(1));
        self.all.push(Finding {
            kind,
            place,
            text,
            line,
            column,
            snippet: snippet.unwrap_or_default().trim().to_owned(),
            count: 1,
        });
    }

    /// All of them, faults first, in the order of the source.
    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.all.sort_by_key(|f| (f.kind, f.line, f.column));
        self.all
    }
}

/// Line and column of a span, from 1.
pub(super) fn position(source: &str, span: Span) -> (u32, u32) {
    let inside = span.to_range().filter(|range| range.start <= source.len());
    inside.map_or((0, 0), |_| {
        let at = span.location(source);
        (at.line_number, at.line_position)
    })
}
