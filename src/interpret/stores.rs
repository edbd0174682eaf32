//! What is written: stores, and atomic functions.

use naga::{AtomicFunction, Expression, Handle};

use super::access::{index, of};
use super::lane::Lane;
use super::machine::{Machine, Place, Pointer};
use super::mask::Mask;

/// An atomic statement: pointer, function, value, result.
type Atomic<'a> = (
    Handle<Expression>,
    &'a AtomicFunction,
    Handle<Expression>,
    Option<Handle<Expression>>,
);

impl<L: Lane> Machine<'_, L> {
    /// Writes a value to where a pointer points.
    pub(super) fn store(
        &mut self,
        code: usize,
        handle: Handle<Expression>,
        value: Handle<Expression>,
        mask: &Mask,
    ) {
        let Some(pointer) = self.frames[code].pointers[handle.index()].take() else {
            return;
        };
        let lanes = self.lanes;
        let site = self.program.codes[code].first + index(handle);
        let value_at = value.index();
        let values = std::mem::take(&mut self.frames[code].values[value_at]);
        let (doubt, lost) = (self.doubt, self.lost);
        match self.own_cells(pointer.place) {
            Some(cells) => {
                for (leaf, values) in values.chunks_exact(lanes).enumerate() {
                    mask.each(|lane| {
                        let at = (pointer.at[lane] as usize + leaf) * lanes + lane;
                        cells[at] = stored(cells[at], values[lane], (doubt, lost, lane));
                    });
                }
            }
            None => {
                let program = self.program;
                let places = program.types.places(pointer.id);
                let host = self.is_buffer(pointer.place);
                for (leaf, values) in values.chunks_exact(lanes).enumerate() {
                    let place = if host { places[leaf] as usize } else { leaf };
                    self.write_shared(&pointer, place, values, (site, mask));
                }
            }
        }
        if L::BOUNDED {
            self.scatter(&pointer, pointer.wild & *mask);
        }
        self.frames[code].values[value_at] = values;
        self.frames[code].pointers[handle.index()] = Some(pointer);
    }

    fn is_buffer(&self, place: Place) -> bool {
        let Place::Global(variable) = place else {
            return false;
        };
        let region = self.globals[variable].as_ref();
        region.is_some_and(|r| r.space == super::machine::Space::Buffer)
    }

    /// What these invocations write may be anywhere in the variable.
    fn scatter(&mut self, pointer: &Pointer, wild: Mask) {
        if wild.is_empty() {
            return;
        }
        let lanes = self.lanes;
        if let Some(cells) = self.own_cells(pointer.place) {
            for cells in cells.chunks_exact_mut(lanes) {
                wild.each(|lane| cells[lane] = L::UNDECIDED);
            }
        } else if let Place::Global(variable) = pointer.place
            && let Some(region) = &mut self.globals[variable]
        {
            region.cells.fill(L::UNDECIDED);
        }
    }

    fn write_shared(
        &mut self,
        pointer: &Pointer,
        place: usize,
        values: &[L],
        (site, mask): (u32, &Mask),
    ) {
        let Place::Global(variable) = pointer.place else {
            return;
        };
        let access = self.access(variable, site);
        let (doubt, lost) = (self.doubt, self.lost);
        let atomic = self.is_atomic(pointer);
        let Some(region) = &mut self.globals[variable] else {
            return;
        };
        let mut found = Vec::new();
        mask.each(|lane| {
            let at = pointer.at[lane] as usize + place;
            region.cells[at] = stored(region.cells[at], values[lane], (doubt, lost, lane));
            if let Some(written) = region.written.get_mut(at) {
                *written = true;
            }
            if let Some(shadow) = region.shadow.get_mut(at).filter(|_| !atomic) {
                let [write, read] = shadow.write(of(access, lane));
                found.extend(write.map(|other| (lane, at, "written", other)));
                found.extend(read.map(|other| (lane, at, "read", other)));
            }
        });
        for (lane, at, did, other) in found {
            self.race(variable, at, ("written", of(access, lane)), (did, other));
        }
    }

    /// Runs an atomic function, for one invocation after the other.
    pub(super) fn atomic(
        &mut self,
        code: usize,
        (handle, fun, value, result): Atomic<'_>,
        mask: &Mask,
    ) {
        let Some(pointer) = self.frames[code].pointers[handle.index()].take() else {
            return;
        };
        let site = self.program.codes[code].first + index(handle);
        let kind = self.program.types.scalar(pointer.id);
        let mut before = vec![L::word(0); self.lanes];
        if let Place::Global(variable) = pointer.place {
            self.read_atomic(&pointer, &mut before, (site, fun, mask));
            let frame = &self.frames[code];
            let given = &frame.values[value.index()];
            let compared = match fun {
                AtomicFunction::Exchange {
                    compare: Some(compare),
                } => Some(&frame.values[compare.index()]),
                _ => None,
            };
            let (doubt, lost) = (self.doubt, self.lost);
            let Some(region) = &mut self.globals[variable] else {
                return;
            };
            mask.each(|lane| {
                let at = pointer.at[lane] as usize;
                let old = region.cells[at];
                let new = match compared {
                    Some(compare) => {
                        let same = old.zip(compare[lane], |a, b| u32::from(a == b));
                        same.choose(given[lane], old)
                    }
                    None => changed(fun, kind, old, given[lane]),
                };
                before[lane] = old;
                region.cells[at] = stored(old, new, (doubt, lost, lane));
                if let Some(written) = region.written.get_mut(at) {
                    *written = true;
                }
            });
            let old = before.clone();
            if let (Some(compare), Some(result)) = (compared, result) {
                let same = old.iter().zip(compare);
                before.extend(same.map(|(a, b)| a.zip(*b, |a, b| u32::from(a == b))));
                self.frames[code].values[result.index()] = before;
            } else if let Some(result) = result {
                self.frames[code].values[result.index()] = before;
            }
        }
        if L::BOUNDED {
            self.scatter(&pointer, pointer.wild & *mask);
        }
        self.frames[code].pointers[handle.index()] = Some(pointer);
    }

    /// Notes atomics of words that nothing has written.
    fn read_atomic(
        &mut self,
        pointer: &Pointer,
        _before: &mut [L],
        (site, fun, mask): (u32, &AtomicFunction, &Mask),
    ) {
        let Place::Global(variable) = pointer.place else {
            return;
        };
        let Some(region) = &self.globals[variable] else {
            return;
        };
        if region.written.is_empty() || matches!(fun, AtomicFunction::Exchange { compare: None }) {
            return;
        }
        let mut found = Vec::new();
        mask.each(|lane| {
            let at = pointer.at[lane] as usize;
            if !region.written[at] {
                found.push((lane, at));
            }
        });
        let access = self.access(variable, site);
        for (lane, at) in found {
            self.unwritten(variable, at, of(access, lane));
        }
    }
}

/// What a cell holds after a store.
#[inline]
fn stored<L: Lane>(old: L, new: L, (doubt, lost, lane): (Mask, Mask, usize)) -> L {
    if !L::BOUNDED {
        return new;
    }
    match () {
        () if lost.has(lane) => L::UNDECIDED,
        () if doubt.has(lane) => old.either(new),
        () => new,
    }
}

/// What an atomic function makes of a word.
fn changed<L: Lane>(fun: &AtomicFunction, kind: naga::ScalarKind, old: L, given: L) -> L {
    let signed = kind == naga::ScalarKind::Sint;
    let less = |a: u32, b: u32| match signed {
        true => a.cast_signed() < b.cast_signed(),
        false => a < b,
    };
    match fun {
        AtomicFunction::Add => old.zip(given, u32::wrapping_add),
        AtomicFunction::Subtract => old.zip(given, u32::wrapping_sub),
        AtomicFunction::And => old.zip(given, |a, b| a & b),
        AtomicFunction::ExclusiveOr => old.zip(given, |a, b| a ^ b),
        AtomicFunction::InclusiveOr => old.zip(given, |a, b| a | b),
        AtomicFunction::Min => old.zip(given, |a, b| if less(b, a) { b } else { a }),
        AtomicFunction::Max => old.zip(given, |a, b| if less(a, b) { b } else { a }),
        AtomicFunction::Exchange { .. } => given,
    }
}
