//! Pointers, and what is read and written through them.

use naga::{Expression, Handle};

use super::lane::Lane;
use super::machine::{Machine, Place, Pointer, Space};
use super::mask::Mask;
use super::races::Access;
use super::types::{Id, Kind};

impl<L: Lane> Machine<'_, L> {
    /// Evaluates a pointer.
    pub(super) fn point(&mut self, code: usize, handle: Handle<Expression>, mask: &Mask) {
        let program = self.program;
        let pointer = match &program.expressions(code)[handle] {
            Expression::GlobalVariable(variable) => self.whole(Place::Global(variable.index())),
            Expression::LocalVariable(local) => self.whole(Place::Local(code, local.index())),
            Expression::AccessIndex { base, index } => self.member(code, handle, *base, *index),
            Expression::Access { base, index } => self.indexed(code, (handle, *base, *index), mask),
            // An argument: the call sets it.
            _ => return,
        };
        self.frames[code].pointers[handle.index()] = pointer;
    }

    /// A pointer to a whole variable.
    pub(super) fn whole(&self, place: Place) -> Option<Pointer> {
        let id = match place {
            Place::Global(variable) => self.globals[variable].as_ref()?.id,
            Place::Local(code, local) => self.program.codes[code].locals[local],
        };
        Some(Pointer {
            place,
            id,
            at: vec![0; self.lanes],
            wild: Mask::EMPTY,
        })
    }

    /// Whether a variable lies in a buffer, with gaps.
    pub(super) fn host(&self, place: Place) -> bool {
        match place {
            Place::Global(variable) => self.globals[variable]
                .as_ref()
                .is_some_and(|region| region.space == Space::Buffer),
            Place::Local(..) => false,
        }
    }

    /// What a pointer expression points to.
    fn pointee(&self, code: usize, handle: Handle<Expression>) -> Id {
        let id = self.program.codes[code].types[handle.index()];
        match self.program.types.kind(id) {
            Kind::Pointer(to) => *to,
            _ => id,
        }
    }

    /// A pointer to a known element or member, which is there.
    fn member(
        &mut self,
        code: usize,
        handle: Handle<Expression>,
        base: Handle<Expression>,
        index: u32,
    ) -> Option<Pointer> {
        let id = self.pointee(code, handle);
        let all = self.all;
        let types = &self.program.types;
        let mut pointer = self.frames[code].pointers[base.index()].clone()?;
        let host = self.host(pointer.place);
        let offset = match types.kind(pointer.id) {
            Kind::Struct(members) => {
                let member = &members[index as usize];
                if host { member.word } else { member.leaf }
            }
            Kind::Array(_, None, _) if index >= self.count(&pointer) => {
                let length = self.count(&pointer);
                self.out_of_bounds((code, handle), &pointer, (0, index, length));
                let stride = types.stride(pointer.id, host);
                length.saturating_sub(1) * stride
            }
            _ => index * types.stride(pointer.id, host),
        };
        all.each(|lane| pointer.at[lane] += offset);
        pointer.id = id;
        Some(pointer)
    }

    /// A pointer to an element that is computed.
    fn indexed(
        &mut self,
        code: usize,
        (handle, base, index): (Handle<Expression>, Handle<Expression>, Handle<Expression>),
        mask: &Mask,
    ) -> Option<Pointer> {
        let id = self.pointee(code, handle);
        let mut pointer = self.frames[code].pointers[base.index()].clone()?;
        let stride = self
            .program
            .types
            .stride(pointer.id, self.host(pointer.place));
        let count = self.count(&pointer);
        let last = count.saturating_sub(1);
        let mut outside = None;
        let values = &self.frames[code].values[index.index()];
        let mut times = 0;
        let unsure = self.unsure();
        mask.each(|lane| match values[lane].bits() {
            None => pointer.wild.insert(lane),
            Some(element) => {
                if element >= count && !unsure.has(lane) {
                    outside = outside.or(Some((lane, element)));
                    times += 1;
                }
                pointer.at[lane] += element.min(last) * stride;
            }
        });
        if let Some((lane, element)) = outside {
            for _ in 0..times {
                self.out_of_bounds((code, handle), &pointer, (lane, element, count));
            }
        }
        pointer.id = id;
        Some(pointer)
    }

    /// An element of a value.
    pub(super) fn element(
        &mut self,
        code: usize,
        (handle, base, index): (Handle<Expression>, Handle<Expression>, Handle<Expression>),
        out: &mut [L],
        mask: &Mask,
    ) {
        let program = self.program;
        let id = program.codes[code].types[base.index()];
        let count = program.types.count(id).unwrap_or(0);
        let lanes = self.lanes;
        let leaves = out.len() / lanes;
        let (mut outside, mut times) = (None, 0);
        let unsure = self.unsure();
        let frame = &self.frames[code];
        let values = &frame.values[base.index()];
        mask.each(|lane| {
            let Some(index) = frame.values[index.index()][lane].bits() else {
                (0..leaves).for_each(|leaf| out[leaf * lanes + lane] = L::UNDECIDED);
                return;
            };
            if index >= count && !unsure.has(lane) {
                outside = outside.or(Some((lane, index)));
                times += 1;
            }
            let first = index.min(count.saturating_sub(1)) as usize * leaves;
            for leaf in 0..leaves {
                out[leaf * lanes + lane] = values[(first + leaf) * lanes + lane];
            }
        });
        if let Some((lane, index)) = outside {
            for _ in 0..times {
                let what = "a value".to_owned();
                self.outside((code, handle), what, (lane, index, count));
            }
        }
    }

    /// Reads what a pointer points to into a result of its own.
    pub(super) fn load(
        &mut self,
        code: usize,
        pointer: Handle<Expression>,
        result: Handle<Expression>,
        mask: &Mask,
    ) {
        let mut out = std::mem::take(&mut self.frames[code].values[result.index()]);
        let id = self.program.codes[code].types[result.index()];
        let leaves = self.program.types.get(id).leaves as usize;
        out.resize(leaves * self.lanes, L::word(0));
        self.read(code, pointer, &mut out, mask);
        self.frames[code].values[result.index()] = out;
    }

    /// Reads what a pointer points to.
    pub(super) fn read(
        &mut self,
        code: usize,
        handle: Handle<Expression>,
        out: &mut [L],
        mask: &Mask,
    ) {
        let Some(pointer) = self.frames[code].pointers[handle.index()].take() else {
            return;
        };
        let lanes = self.lanes;
        let site = self.program.codes[code].first + index(handle);
        let places = self.program.types.places(pointer.id);
        match self.own_cells(pointer.place) {
            Some(cells) => {
                for (leaf, out) in out.chunks_exact_mut(lanes).enumerate() {
                    mask.each(|lane| {
                        out[lane] = cells[(pointer.at[lane] as usize + leaf) * lanes + lane];
                    });
                }
            }
            None => {
                let host = self.host(pointer.place);
                for (leaf, out) in out.chunks_exact_mut(lanes).enumerate() {
                    let place = if host { places[leaf] as usize } else { leaf };
                    self.read_shared(&pointer, place, out, (site, mask));
                }
            }
        }
        if L::BOUNDED {
            for out in out.chunks_exact_mut(lanes) {
                (pointer.wild & *mask).each(|lane| out[lane] = L::UNDECIDED);
            }
        }
        self.frames[code].pointers[handle.index()] = Some(pointer);
    }

    /// The cells of a variable of which every invocation has its own.
    pub(super) fn own_cells(&mut self, place: Place) -> Option<&mut Vec<L>> {
        match place {
            Place::Local(code, local) => Some(&mut self.frames[code].locals[local]),
            Place::Global(variable) => {
                let region = self.globals[variable].as_mut()?;
                (region.space == Space::Own).then_some(&mut region.cells)
            }
        }
    }

    /// Reads a word of memory that others may access too.
    fn read_shared(
        &mut self,
        pointer: &Pointer,
        place: usize,
        out: &mut [L],
        (site, mask): (u32, &Mask),
    ) {
        let Place::Global(variable) = pointer.place else {
            return;
        };
        let access = self.access(variable, site);
        let atomic = self.is_atomic(pointer);
        let unsure = self.unsure() | pointer.wild;
        let Some(region) = &mut self.globals[variable] else {
            return;
        };
        let mut found = Vec::new();
        let watched = !region.shadow.is_empty() || !region.written.is_empty();
        mask.each(|lane| {
            let at = pointer.at[lane] as usize + place;
            out[lane] = region.cells[at];
            if !watched {
                return;
            }
            if region.written.get(at) == Some(&false) {
                found.push((lane, at, None));
            }
            // Atomics do not race, but what they yield may depend on their order.
            let shadow = region.shadow.get_mut(at).filter(|_| !atomic || L::BOUNDED);
            if let Some(shadow) = shadow.filter(|_| !unsure.has(lane)) {
                match shadow.read(of(access, lane)) {
                    Some(_) if atomic => out[lane] = L::UNDECIDED,
                    other => found.extend(other.map(|other| (lane, at, Some(other)))),
                }
            }
        });
        for (lane, at, other) in found {
            match other {
                Some(other) => {
                    self.race(variable, at, ("read", of(access, lane)), ("written", other))
                }
                None => self.unwritten(variable, at, of(access, lane)),
            }
        }
    }

    /// Whether what a pointer points to is atomic, and so races with nothing.
    pub(super) fn is_atomic(&self, pointer: &Pointer) -> bool {
        matches!(self.program.types.kind(pointer.id), Kind::Atomic(_))
    }

    /// An access to a variable now.
    pub(super) fn access(&self, variable: usize, site: u32) -> Access {
        let space = self.globals[variable].as_ref().map(|r| r.space);
        let storage = space == Some(Space::Buffer);
        Access {
            group: self.group,
            phase: self.phases[usize::from(storage)],
            lane: 0,
            atomic: 0,
            site,
        }
    }
}

/// The access of an invocation.
pub(super) fn of(access: Access, lane: usize) -> Access {
    Access {
        lane: u16::try_from(lane).unwrap_or(u16::MAX),
        ..access
    }
}

/// The number of an expression in its function.
pub(super) fn index(handle: Handle<Expression>) -> u32 {
    u32::try_from(handle.index()).unwrap_or(u32::MAX)
}
