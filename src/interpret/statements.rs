//! Statements, each for all invocations that get there.

use naga::{Barrier, Block, Expression, Handle, Span, Statement, SwitchValue};

use super::findings::FindingKind;
use super::lane::Lane;
use super::machine::{Machine, TURNS, invocation};
use super::mask::Mask;

/// Turns of a loop that an invocation takes in doubt, though it has left the loop as well.
const DOUBTFUL_TURNS: u32 = 256;

impl<'p, L: Lane> Machine<'p, L> {
    /// Runs a function whose arguments are set.
    pub(super) fn call(&mut self, code: usize, mask: Mask) {
        let program = self.program;
        let Some(function) = program.function(code) else {
            return;
        };
        for (handle, local) in function.local_variables.iter() {
            let frame = &mut self.frames[code];
            let cells = &mut frame.locals[handle.index()];
            let init = local.init.map(|init| &frame.values[init.index()]);
            for (leaf, cells) in cells.chunks_exact_mut(self.lanes).enumerate() {
                let init = init.map(|init| &init[leaf * self.lanes..]);
                mask.each(|lane| cells[lane] = init.map_or(L::word(0), |init| init[lane]));
            }
        }
        let before = self.doubt;
        self.frames[code].returned = Mask::EMPTY;
        self.block(code, &function.body, mask);
        // Whichever way an invocation took, it ends here.
        self.doubt = before;
    }

    /// Runs a block; returns who gets to its end.
    fn block(&mut self, code: usize, block: &'p Block, mut mask: Mask) -> Mask {
        for (statement, span) in block.span_iter() {
            if mask.is_empty() || self.halted.is_some() {
                return Mask::EMPTY;
            }
            mask = self.statement(code, (statement, *span), mask);
        }
        mask
    }

    fn statement(
        &mut self,
        code: usize,
        (statement, span): (&'p Statement, Span),
        mask: Mask,
    ) -> Mask {
        match statement {
            Statement::Emit(range) => {
                for handle in range.clone() {
                    if !self.program.codes[code].constant[handle.index()] {
                        self.evaluate(code, handle, &mask);
                    }
                }
                mask
            }
            Statement::Block(block) => self.block(code, block, mask),
            Statement::If {
                condition,
                accept,
                reject,
            } => {
                let ways = self.ways(code, *condition, mask);
                self.branch(code, ways, [accept, reject])
            }
            Statement::Switch { selector, cases } => self.switch(code, *selector, cases, mask),
            Statement::Loop {
                body,
                continuing,
                break_if,
            } => self.turns(code, (body, continuing, *break_if, span), mask),
            Statement::Break => {
                if let Some(breaks) = self.frames[code].breaks.last_mut() {
                    *breaks = *breaks | mask;
                }
                Mask::EMPTY
            }
            Statement::Continue => {
                if let Some(continues) = self.frames[code].continues.last_mut() {
                    *continues = *continues | mask;
                }
                Mask::EMPTY
            }
            Statement::Return { value } => {
                self.result(code, *value, mask);
                Mask::EMPTY
            }
            Statement::ControlBarrier(barrier) => {
                self.barrier(*barrier, mask, span);
                mask
            }
            Statement::Store { pointer, value } => {
                self.store(code, *pointer, *value, &mask);
                mask
            }
            Statement::Atomic {
                pointer,
                fun,
                value,
                result,
            } => {
                self.atomic(code, (*pointer, fun, *value, *result), &mask);
                mask
            }
            Statement::WorkGroupUniformLoad { pointer, result } => {
                self.barrier(Barrier::WORK_GROUP, mask, span);
                self.load(code, *pointer, *result, &mask);
                self.barrier(Barrier::WORK_GROUP, mask, span);
                mask
            }
            Statement::Call {
                function,
                arguments,
                result,
            } => {
                let callee = function.index() + 1;
                self.pass(code, callee, arguments);
                self.call(callee, mask);
                if let Some(result) = result {
                    let value = std::mem::take(&mut self.frames[callee].result);
                    self.frames[code].values[result.index()].clone_from(&value);
                    self.frames[callee].result = value;
                }
                if self.halted.is_some() {
                    Mask::EMPTY
                } else {
                    mask
                }
            }
            // All others have been refused.
            _ => mask,
        }
    }

    /// Hands arguments to a function.
    fn pass(&mut self, code: usize, callee: usize, arguments: &[Handle<Expression>]) {
        let program = self.program;
        for (number, argument) in arguments.iter().enumerate() {
            for handle in &program.codes[callee].arguments[number] {
                let [from, to] = [argument.index(), handle.index()];
                let mut value = std::mem::take(&mut self.frames[callee].values[to]);
                value.clone_from(&self.frames[code].values[from]);
                self.frames[callee].values[to] = value;
                let pointer = self.frames[code].pointers[from].clone();
                self.frames[callee].pointers[to] = pointer;
            }
        }
    }

    /// For whom a condition holds, for whom it does not; for whom it is undecided is in both.
    fn ways(&self, code: usize, condition: Handle<Expression>, mask: Mask) -> [Mask; 2] {
        let values = &self.frames[code].values[condition.index()];
        let mut ways = [Mask::EMPTY; 2];
        mask.each(|lane| match values[lane].bits() {
            Some(0) => ways[1].insert(lane),
            Some(_) => ways[0].insert(lane),
            None => ways.iter_mut().for_each(|way| way.insert(lane)),
        });
        ways.map(|way| way | (self.lost & mask))
    }

    /// Goes both ways; who goes both is in doubt until they meet again.
    fn branch(&mut self, code: usize, ways: [Mask; 2], blocks: [&'p Block; 2]) -> Mask {
        let undecided = (ways[0] & ways[1]).without(self.doubt);
        self.doubt = self.doubt | undecided;
        let [accepted, rejected] = [0, 1].map(|way| self.block(code, blocks[way], ways[way]));
        self.doubt = self.doubt.without(undecided & accepted & rejected);
        accepted | rejected
    }

    fn switch(
        &mut self,
        code: usize,
        selector: Handle<Expression>,
        cases: &'p [naga::SwitchCase],
        mask: Mask,
    ) -> Mask {
        let chosen = self.chosen(code, selector, cases, mask);
        let undecided = chosen.1.without(self.doubt);
        self.doubt = self.doubt | undecided;
        self.frames[code].breaks.push(Mask::EMPTY);
        let mut through = Mask::EMPTY;
        let mut left = Mask::EMPTY;
        for (case, own) in cases.iter().zip(chosen.0) {
            through = self.block(code, &case.body, through | own);
            if !case.fall_through {
                left = left | through;
                through = Mask::EMPTY;
            }
        }
        let frame = &mut self.frames[code];
        let breaks = frame.breaks.pop().unwrap_or_default();
        let gone = frame.returned | frame.continues.last().copied().unwrap_or_default();
        self.doubt = self.doubt.without(undecided.without(gone));
        left | through | breaks
    }

    /// By case: who goes there; and who may go to any of them, and so goes to all.
    fn chosen(
        &self,
        code: usize,
        selector: Handle<Expression>,
        cases: &[naga::SwitchCase],
        mask: Mask,
    ) -> (Vec<Mask>, Mask) {
        let values = &self.frames[code].values[selector.index()];
        let mut chosen = vec![Mask::EMPTY; cases.len()];
        let mut undecided = Mask::EMPTY;
        let is = |case: &naga::SwitchCase, bits: u32| match case.value {
            SwitchValue::I32(value) => value.cast_unsigned() == bits,
            SwitchValue::U32(value) => value == bits,
            SwitchValue::Default => false,
        };
        let default = cases.iter().position(|c| c.value == SwitchValue::Default);
        mask.each(|lane| match values[lane].bits() {
            Some(bits) => {
                let own = cases.iter().position(|case| is(case, bits)).or(default);
                own.into_iter().for_each(|own| chosen[own].insert(lane));
            }
            None => {
                undecided.insert(lane);
                chosen.iter_mut().for_each(|case| case.insert(lane));
            }
        });
        (chosen, undecided)
    }

    /// Runs a loop until all have left it.
    fn turns(
        &mut self,
        code: usize,
        (body, continuing, break_if, span): (
            &'p Block,
            &'p Block,
            Option<Handle<Expression>>,
            Span,
        ),
        mask: Mask,
    ) -> Mask {
        let before = self.doubt;
        let (mut left, mut active) = (Mask::EMPTY, mask);
        let mut doubtful = 0;
        for turn in 0.. {
            let frame = &mut self.frames[code];
            frame.breaks.push(left);
            frame.continues.push(Mask::EMPTY);
            let rest = self.block(code, body, active);
            let frame = &mut self.frames[code];
            let continues = frame.continues.pop().unwrap_or_default();
            active = self.block(code, continuing, rest | continues);
            left = self.frames[code].breaks.pop().unwrap_or_default();
            if let Some(condition) = break_if {
                let [out, on] = self.ways(code, condition, active);
                (left, active) = (left | out, on);
            }
            if L::BOUNDED {
                // Who has left or returned, but not for sure, may still be here.
                let returned = self.frames[code].returned;
                let unsure = active & (left | returned);
                self.doubt = (self.doubt & before) | unsure;
                doubtful += u32::from(!unsure.is_empty());
                if doubtful > DOUBTFUL_TURNS {
                    self.lost = self.lost | unsure;
                    active = active.without(unsure);
                }
            }
            if active.is_empty() || self.halted.is_some() {
                break;
            }
            if turn >= TURNS {
                self.endless(active, span);
                break;
            }
        }
        let returned = self.frames[code].returned;
        self.doubt = before | (left & returned);
        left
    }

    fn endless(&mut self, active: Mask, span: Span) {
        self.halted = Some(span);
        let who = self.who(active.first().unwrap_or(0));
        let source = &self.program.source;
        if let Some(findings) = &mut self.findings {
            findings.add(source, FindingKind::Endless, [span; 2], || {
                let text = format!(
                    "endless loop: invocation {who} has not left it after {TURNS} turns; the run \
                     ends here"
                );
                ("loop".to_owned(), text)
            });
        }
    }

    /// Notes a function's result for these invocations.
    fn result(&mut self, code: usize, value: Option<Handle<Expression>>, mask: Mask) {
        let (lanes, doubt, lost) = (self.lanes, self.doubt, self.lost);
        let frame = &mut self.frames[code];
        let returned = frame.returned;
        frame.returned = returned | mask;
        let Some(value) = value else {
            return;
        };
        let value = &frame.values[value.index()];
        frame.result.resize(value.len(), L::word(0));
        let leaves = frame.result.chunks_exact_mut(lanes);
        for (result, value) in leaves.zip(value.chunks_exact(lanes)) {
            mask.each(|lane| {
                result[lane] = match () {
                    () if lost.has(lane) => L::UNDECIDED,
                    () if doubt.has(lane) && returned.has(lane) => result[lane].either(value[lane]),
                    () => value[lane],
                };
            });
        }
    }

    /// A barrier for these invocations.
    fn barrier(&mut self, barrier: Barrier, mask: Mask, span: Span) {
        if barrier.contains(Barrier::WORK_GROUP) {
            self.phases[0] += 1;
        }
        if barrier.contains(Barrier::STORAGE) {
            self.phases[1] += 1;
        }
        let missing = self.all.without(mask);
        if missing.is_empty() {
            return;
        }
        let who = self.who(missing.first().unwrap_or(0));
        let (count, all) = (missing.count(), self.lanes);
        let source = &self.program.source;
        if let Some(findings) = &mut self.findings {
            findings.add(source, FindingKind::DivergentBarrier, [span; 2], || {
                let text = format!(
                    "divergent barrier: {count} of the workgroup's {all} invocations do not get \
                     there, such as {who}"
                );
                ("barrier".to_owned(), text)
            });
        }
    }

    /// An invocation in words.
    pub(super) fn who(&self, lane: usize) -> String {
        let size = self.program.workgroup_size();
        let [x, y, z] = invocation(size, u32::try_from(lane).unwrap_or(0));
        let own = format!("({x},{y},{z})");
        match self.groups {
            [1, 1, 1] => own,
            _ => format!("{own} of {}", self.group_words(self.group)),
        }
    }

    /// A workgroup in words, by its number from 1.
    pub(super) fn group_words(&self, group: u32) -> String {
        let [x, y, z] = invocation(self.groups, group.saturating_sub(1));
        format!("workgroup ({x},{y},{z})")
    }
}
