//! A dispatch in progress. One workgroup runs at a time, and all of its invocations at once: every
//! statement is done for those that get there, so barriers need no threads.

use naga::{AddressSpace, BuiltIn, Expression, GlobalVariable, Handle, Span, StorageAccess};

use super::findings::Findings;
use super::lane::Lane;
use super::mask::Mask;
use super::program::Program;
use super::races::Shadow;
use super::types::{Id, Kind};

/// Turns of one loop, from its beginning to its end, before it counts as endless.
pub(super) const TURNS: u32 = 1 << 20;

/// The memory of a variable at module scope.
#[derive(Debug)]
pub(super) struct Region<L> {
    /// The words; of memory that each invocation has for itself, word by word, those of all.
    pub(super) cells: Vec<L>,
    pub(super) id: Id,
    pub(super) space: Space,
    /// By word: who accessed it; empty where nobody writes.
    pub(super) shadow: Vec<Shadow>,
    /// By word: whether it has been written; empty where all have been.
    pub(super) written: Vec<bool>,
}

/// Whose memory it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// A buffer, of all workgroups.
    Buffer,
    /// A workgroup's.
    Workgroup,
    /// An invocation's.
    Own,
}

/// A variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At module scope.
    Global(usize),
    /// Of a function, by code and number.
    Local(usize, usize),
}

/// A pointer, for each invocation to a place of its own in the same variable.
#[derive(Clone, Debug)]
pub(super) struct Pointer {
    pub(super) place: Place,
    /// What it points to.
    pub(super) id: Id,
    /// By invocation: the first word.
    pub(super) at: Vec<u32>,
    /// The invocations for which it is undecided where it points.
    pub(super) wild: Mask,
}

/// What a function keeps; there is no recursion, so each has one.
#[derive(Debug, Default)]
pub(super) struct Frame<L> {
    /// By expression: leaf by leaf, the scalars of all invocations.
    pub(super) values: Vec<Vec<L>>,
    pub(super) pointers: Vec<Option<Pointer>>,
    /// By variable, likewise.
    pub(super) locals: Vec<Vec<L>>,
    pub(super) result: Vec<L>,
    pub(super) returned: Mask,
    /// Of the loops and switches around the statement: who has left.
    pub(super) breaks: Vec<Mask>,
    /// Of the loops: who has gone on to the next turn.
    pub(super) continues: Vec<Mask>,
}

/// A dispatch in progress.
pub(super) struct Machine<'p, L> {
    pub(super) program: &'p Program,
    /// Invocations of a workgroup.
    pub(super) lanes: usize,
    pub(super) all: Mask,
    pub(super) frames: Vec<Frame<L>>,
    pub(super) globals: Vec<Option<Region<L>>>,
    pub(super) groups: [u32; 3],
    /// The running workgroup.
    pub(super) group_id: [u32; 3],
    /// Its number, from 1.
    pub(super) group: u32,
    /// Barriers of workgroup memory, and of storage.
    pub(super) phases: [u32; 2],
    /// What goes wrong; none where nobody asks.
    pub(super) findings: Option<Findings>,
    /// Invocations that may not be here at all, as rounding may have it.
    pub(super) doubt: Mask,
    /// Invocations of which nothing is known any more.
    pub(super) lost: Mask,
    /// Whether an endless loop was found, and where.
    pub(super) halted: Option<Span>,
}

impl<'p, L: Lane> Machine<'p, L> {
    /// A machine with these buffers, by binding; `written` says whether their words hold something.
    pub(super) fn new(
        program: &'p Program,
        buffers: Vec<(Vec<L>, bool)>,
        groups: [u32; 3],
        findings: Option<Findings>,
    ) -> Self {
        let lanes = program.lanes();
        let mut machine = Self {
            program,
            lanes,
            all: Mask::all(lanes),
            frames: Vec::new(),
            globals: Vec::new(),
            groups,
            group_id: [0; 3],
            group: 0,
            phases: [0; 2],
            findings,
            doubt: Mask::EMPTY,
            lost: Mask::EMPTY,
            halted: None,
        };
        machine.globals = machine.memory(buffers);
        for code in 0..program.codes.len() {
            machine.frames.push(machine.frame(code));
            machine.constants(code);
        }
        machine
    }

    /// The memory of all variables at module scope.
    fn memory(&self, buffers: Vec<(Vec<L>, bool)>) -> Vec<Option<Region<L>>> {
        let program = self.program;
        let mut buffers: Vec<_> = buffers.into_iter().map(Some).collect();
        let variables = program.module.global_variables.iter();
        let region = |(handle, variable): (Handle<GlobalVariable>, &GlobalVariable)| {
            let id = program.types.of_handle(variable.ty);
            let mut bindings = program.bindings().iter();
            let bound = bindings.position(|b| b.variable == handle.index());
            let (space, (cells, full)) = match variable.space {
                AddressSpace::WorkGroup => {
                    let words = program.types.get(id).leaves as usize;
                    (Space::Workgroup, (vec![L::word(0); words], false))
                }
                AddressSpace::Private => {
                    let words = program.types.get(id).leaves as usize * self.lanes;
                    (Space::Own, (vec![L::word(0); words], true))
                }
                _ => (Space::Buffer, buffers[bound?].take()?),
            };
            let writable = match variable.space {
                AddressSpace::WorkGroup => true,
                AddressSpace::Storage { access } => access.contains(StorageAccess::STORE),
                _ => false,
            };
            let tracked = self.findings.is_some();
            let shadow = if writable && tracked { cells.len() } else { 0 };
            let written = if full || !tracked { 0 } else { cells.len() };
            Some(Region {
                id,
                space,
                shadow: vec![Shadow::default(); shadow],
                written: vec![false; written],
                cells,
            })
        };
        variables.map(region).collect()
    }

    fn frame(&self, code: usize) -> Frame<L> {
        let own = &self.program.codes[code];
        let words = |id: &Id| self.program.types.get(*id).leaves as usize * self.lanes;
        Frame {
            values: vec![Vec::new(); own.types.len()],
            pointers: vec![None; own.types.len()],
            locals: own
                .locals
                .iter()
                .map(|id| vec![L::word(0); words(id)])
                .collect(),
            result: Vec::new(),
            returned: Mask::EMPTY,
            breaks: Vec::new(),
            continues: Vec::new(),
        }
    }

    /// Evaluates what is the same for all invocations, always, and pointers to variables.
    fn constants(&mut self, code: usize) {
        let program = self.program;
        let all = self.all;
        for (handle, expression) in program.expressions(code).iter() {
            let known = match expression {
                Expression::GlobalVariable(_) | Expression::LocalVariable(_) => true,
                _ => program.codes[code].constant[handle.index()],
            };
            if known {
                self.evaluate(code, handle, &all);
            }
        }
    }

    /// Runs all workgroups, one after the other.
    pub(super) fn dispatch(&mut self) {
        let [x, y, z] = self.groups;
        for group in 0..u64::from(x) * u64::from(y) * u64::from(z) {
            let along = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            let (x, y) = (u64::from(x), u64::from(y));
            self.group_id = [group % x, group / x % y, group / x / y].map(along);
            self.group = along(group + 1);
            self.workgroup();
            if self.halted.is_some() {
                return;
            }
        }
    }

    fn workgroup(&mut self) {
        self.phases = self.phases.map(|phase| phase + 1);
        (self.doubt, self.lost) = (Mask::EMPTY, Mask::EMPTY);
        let program = self.program;
        for (handle, variable) in program.module.global_variables.iter() {
            let Some(region) = &mut self.globals[handle.index()] else {
                continue;
            };
            match region.space {
                Space::Buffer => continue,
                Space::Workgroup => {
                    region.written.fill(false);
                    region.shadow.fill(Shadow::default());
                }
                Space::Own => {}
            }
            match variable.init {
                None => region.cells.fill(L::word(0)),
                Some(init) => {
                    // The constants' frame has a value of every leaf for every invocation.
                    let value = &self.frames[0].values[init.index()];
                    region.cells.copy_from_slice(value);
                }
            }
        }
        let entry = program.codes.len() - 1;
        self.arguments(entry);
        let all = self.all;
        self.call(entry, all);
    }

    /// Sets the entry point's arguments.
    fn arguments(&mut self, entry: usize) {
        let program = self.program;
        let function = &program.module.entry_points[0].function;
        for (number, argument) in function.arguments.iter().enumerate() {
            let id = program.types.of_handle(argument.ty);
            let mut value = Vec::new();
            match (&argument.binding, program.types.kind(id)) {
                (Some(binding), _) => self.builtin(binding, &mut value),
                (None, Kind::Struct(_)) => {
                    let naga::TypeInner::Struct { members, .. } =
                        &program.module.types[argument.ty].inner
                    else {
                        continue;
                    };
                    for binding in members.iter().filter_map(|m| m.binding.as_ref()) {
                        self.builtin(binding, &mut value);
                    }
                }
                _ => continue,
            }
            for handle in &program.codes[entry].arguments[number] {
                self.frames[entry].values[handle.index()].clone_from(&value);
            }
        }
    }

    /// Appends a builtin value of all invocations.
    fn builtin(&self, binding: &naga::Binding, value: &mut Vec<L>) {
        let naga::Binding::BuiltIn(builtin) = binding else {
            return;
        };
        let size = self.program.workgroup_size();
        let lanes = 0..u32::try_from(self.lanes).unwrap_or(0);
        if *builtin == BuiltIn::LocalInvocationIndex {
            value.extend(lanes.map(L::word));
            return;
        }
        for axis in 0..3 {
            let own = |lane: u32| {
                let local = invocation(size, lane)[axis];
                match builtin {
                    BuiltIn::GlobalInvocationId => self.group_id[axis] * size[axis] + local,
                    BuiltIn::LocalInvocationId => local,
                    BuiltIn::WorkGroupId => self.group_id[axis],
                    BuiltIn::WorkGroupSize => size[axis],
                    _ => self.groups[axis],
                }
            };
            value.extend(lanes.clone().map(|lane| L::word(own(lane))));
        }
    }

    /// The source of an access, by the number of its expression in the module.
    pub(super) fn span(&self, site: u32) -> Span {
        let codes = &self.program.codes;
        let code = codes.partition_point(|code| code.first <= site) - 1;
        let place = (site - codes[code].first) as usize;
        let expressions = self.program.expressions(code);
        let handle = expressions.iter().nth(place).map(|(handle, _)| handle);
        handle.map_or(Span::default(), |handle| expressions.get_span(handle))
    }
}

/// An invocation's place in its workgroup, from its index.
pub(super) fn invocation([x, y, _]: [u32; 3], lane: u32) -> [u32; 3] {
    [lane % x, lane / x % y, lane / x / y]
}
