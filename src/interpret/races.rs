//! Who has accessed a word, and what nothing orders.
//!
//! Of the accesses to a word only the last write and up to three reads are kept: two of the running
//! workgroup since its last barrier, from different invocations, and one of a workgroup before it.
//! Workgroups run one after the other, so that is enough to see whether there is any race at a word,
//! though not every pair of accesses that makes one.
//!
//! WGSL's atomics do not race, and memory that they access cannot be accessed otherwise.

/// An access to a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Access {
    /// The workgroup, from 1; 0: no access.
    pub(super) group: u32,
    /// Barriers before it that order this memory, in the whole run.
    pub(super) phase: u32,
    /// The invocation in its workgroup.
    pub(super) lane: u16,
    /// What kind of atomic it is; 0: none.
    pub(super) atomic: u8,
    /// Its expression in the module.
    pub(super) site: u32,
}

impl Access {
    fn is_some(self) -> bool {
        self.group != 0
    }

    /// Whether nothing orders it with another one.
    fn unordered(self, other: Self) -> bool {
        self.is_some()
            && (self.group != other.group || self.phase == other.phase && self.lane != other.lane)
    }
}

/// What is known of a word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shadow {
    write: Access,
    reads: [Access; 2],
    foreign_read: Access,
}

impl Shadow {
    /// Notes a read; returns the write that it races with.
    #[inline]
    pub(super) fn read(&mut self, access: Access) -> Option<Access> {
        let [first, second] = &mut self.reads;
        if first.group != access.group || first.phase != access.phase {
            if first.group != access.group && first.is_some() {
                self.foreign_read = *first;
            }
            self.reads = [access, Access::default()];
        } else if first.lane != access.lane && !second.is_some() {
            *second = access;
        }
        Some(self.write).filter(|write| write.unordered(access))
    }

    /// Notes a write; returns the accesses that it races with: a write, and a read.
    #[inline]
    pub(super) fn write(&mut self, access: Access) -> [Option<Access>; 2] {
        let before = Some(self.write).filter(|write| write.unordered(access));
        let [first, second] = self.reads;
        let reads = [first, second, self.foreign_read];
        let read = reads.into_iter().find(|read| read.unordered(access));
        self.write = access;
        [before, read]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(group: u32, phase: u32, lane: u16) -> Access {
        Access {
            group,
            phase,
            lane,
            atomic: 0,
            site: 0,
        }
    }

    /// Accesses: whether a write, group, phase and lane; and whether the last one races.
    type Example = (&'static [(bool, u32, u32, u16)], bool);

    #[test]
    fn races_are_found_and_nothing_else() {
        let cases: [Example; 12] = [
            (&[(true, 1, 0, 0), (false, 1, 0, 0)], false),
            (&[(true, 1, 0, 0), (false, 1, 0, 1)], true),
            (&[(true, 1, 0, 0), (false, 1, 1, 1)], false),
            (&[(true, 1, 0, 0), (true, 1, 0, 1)], true),
            (&[(true, 1, 0, 0), (true, 1, 1, 1)], false),
            (&[(false, 1, 0, 0), (true, 1, 0, 0)], false),
            (&[(false, 1, 0, 0), (true, 1, 0, 1)], true),
            (&[(false, 1, 0, 0), (false, 1, 0, 1), (true, 1, 0, 0)], true),
            (&[(false, 1, 0, 0), (true, 1, 1, 1)], false),
            (&[(false, 1, 0, 0), (true, 2, 1, 0)], true),
            (
                &[
                    (false, 1, 0, 0),
                    (false, 1, 1, 1),
                    (false, 2, 2, 1),
                    (true, 2, 2, 1),
                ],
                true,
            ),
            (&[(true, 1, 0, 0), (false, 2, 9, 0)], true),
        ];
        for (accesses, races) in cases {
            let mut shadow = Shadow::default();
            let mut found = false;
            for &(write, group, phase, lane) in accesses {
                let access = at(group, phase, lane);
                found = match write {
                    true => shadow.write(access).iter().any(Option::is_some),
                    false => shadow.read(access).is_some(),
                };
            }
            assert_eq!(found, races, "{accesses:?}");
        }
    }
}
