//! Findings of accesses, in words.

use naga::{Expression, Handle, Span};

use super::findings::{FindingKind, position};
use super::lane::Lane;
use super::machine::{Machine, Place, Pointer, Space, invocation};
use super::names::path;
use super::races::Access;

impl<L: Lane> Machine<'_, L> {
    /// Notes an index outside of what a pointer points to.
    pub(super) fn out_of_bounds(
        &mut self,
        site: (usize, Handle<Expression>),
        pointer: &Pointer,
        (lane, index, count): (usize, u32, u32),
    ) {
        let what = self.place_words(pointer.place, self.prefix(pointer, lane));
        self.outside(site, what, (lane, index, count));
    }

    /// The word where the array begins that a pointer points to, for naming it.
    fn prefix(&self, pointer: &Pointer, lane: usize) -> Option<u32> {
        let whole = self.whole(pointer.place)?;
        (whole.id != pointer.id).then(|| pointer.at[lane])
    }

    /// Notes an index outside of something of so many elements.
    pub(super) fn outside(
        &mut self,
        (code, handle): (usize, Handle<Expression>),
        what: String,
        (lane, index, count): (usize, u32, u32),
    ) {
        let span = self.program.expressions(code).get_span(handle);
        let who = self.who(lane);
        let source = &self.program.source;
        self.findings
            .add(source, FindingKind::OutOfBounds, [span; 2], || {
                let line = position(source, span).0;
                let text = format!(
                    "out of bounds: invocation {who} takes element {} of {what} at line {line}, \
                 which has {count}",
                    index.cast_signed()
                );
                (format!("{what}[{}]", index.cast_signed()), text)
            });
    }

    /// A variable's name, with the place of a word in it.
    pub(super) fn place_words(&self, place: Place, word: Option<u32>) -> String {
        let program = self.program;
        let (name, id) = match place {
            Place::Global(variable) => {
                let mut variables = program.module.global_variables.iter();
                let found = variables.nth(variable).map(|(_, v)| v);
                let id = self.globals[variable].as_ref().map_or(0, |r| r.id);
                (found.and_then(|v| v.name.clone()), id)
            }
            Place::Local(code, local) => {
                let function = program.function(code);
                let mut locals = function.iter().flat_map(|f| f.local_variables.iter());
                let found = locals.nth(local).map(|(_, l)| l);
                let id = program.codes[code].locals[local];
                (found.and_then(|l| l.name.clone()), id)
            }
        };
        let name = name.unwrap_or_else(|| "a variable".to_owned());
        let inside = word.map_or(String::new(), |word| {
            path(&program.types, id, word, self.host(place))
        });
        name + &inside
    }

    /// Notes a read of a word that nothing has written.
    pub(super) fn unwritten(&mut self, variable: usize, at: usize, access: Access) {
        let buffer = self.globals[variable]
            .as_ref()
            .is_some_and(|r| r.space == Space::Buffer);
        let span = self.span(access.site);
        let place = self.place_words(Place::Global(variable), u32::try_from(at).ok());
        let who = self.who(access.lane.into());
        let source = &self.program.source;
        let (kind, what) = match buffer {
            true => (FindingKind::Unwritten, "unwritten"),
            false => (FindingKind::ZeroRead, "zero by default"),
        };
        self.findings.add(source, kind, [span; 2], || {
            let line = position(source, span).0;
            let text = format!(
                "{what}: invocation {who} reads {place} at line {line}, which nothing has written"
            );
            (place.clone(), text)
        });
    }

    /// Notes a race.
    pub(super) fn race(
        &mut self,
        variable: usize,
        at: usize,
        (does, access): (&str, Access),
        (did, other): (&str, Access),
    ) {
        let spans: [Span; 2] = [self.span(other.site), self.span(access.site)];
        let place = self.place_words(Place::Global(variable), u32::try_from(at).ok());
        let source = &self.program.source;
        let same = access.group == other.group;
        let size = self.program.workgroup_size();
        let lane = |access: Access| {
            let [x, y, z] = invocation(size, access.lane.into());
            let group = match same {
                true => String::new(),
                false => format!(" of {}", self.group_words(access.group)),
            };
            format!("({x},{y},{z}){group}")
        };
        let why = match (same, self.groups) {
            (false, _) => ": nothing orders workgroups".to_owned(),
            (true, [1, 1, 1]) => ", with no barrier in between".to_owned(),
            (true, _) => {
                let group = self.group_words(access.group);
                format!(", with no barrier in between ({group})")
            }
        };
        let [one, two] = [lane(other), lane(access)];
        let text = || {
            let [first, second] = spans.map(|span| position(source, span).0);
            format!(
                "race on {place}: {did} by invocation {one} at line {first} and {does} by {two} \
                 at line {second}{why}"
            )
        };
        let known = || (place.clone(), text());
        self.findings
            .add(source, FindingKind::Race, [spans[1], spans[0]], known);
    }
}
