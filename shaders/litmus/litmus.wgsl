// litmus: a litmus test of the memory model, many instances at a time. An instance has two locations, x
// and y, and two sides; each side makes two accesses to them, as the constants say. Sides are played by
// invocations of two workgroups, or by the two halves of one, and partners change with every round.
// Nothing here races but relaxed atomics, which may. Whatever is constant folds away in compilers.

struct Params {
    teams: u32,    // pairs of workgroups, or workgroups that play against themselves; a power of two
    rounds: u32,   // instances that an invocation takes part in; a power of two
    stride: u32,   // words from one location to the next
    patience: u32, // how long an invocation waits for partners in all
    factor: u32,   // an odd number, which spreads partners and locations
    shift: u32,
    stress: u32,   // accesses to other memory before each round
    skew: u32,     // the later partner of a round starts up to so many additions later
}

const GROUP_X: u32 = 64u;
const CELLS: u32 = 1024u; // words of workgroup memory

// An access: 0 and 1 load x and y; 2 · value and 2 · value + 1 store a value there.
const NOTHING: u32 = 99u;
const A0: u32 = 2u;
const A1: u32 = 3u;
const B0: u32 = 1u;
const B1: u32 = 0u;
// Whether a side makes its accesses in the other order: what mutants do.
const A_SWAPPED: u32 = 0u;
const B_SWAPPED: u32 = 0u;

const WITHIN: u32 = 0u;  // both sides are in one workgroup
const SHARED: u32 = 0u;  // x and y are in workgroup memory
const PLAIN: u32 = 0u;   // they are not atomic
const BARRIER: u32 = 0u; // both sides pass a barrier between their accesses

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> memory: array<atomic<u32>>;   // [2 · instances · stride]
@group(0) @binding(2) var<storage, read_write> plain: array<u32>;            // the same
@group(0) @binding(3) var<storage, read_write> arrivals: array<atomic<u32>>; // [instances]
@group(0) @binding(4) var<storage, read_write> scratch: array<atomic<u32>>;  // [1024]
@group(0) @binding(5) var<storage, read_write> seen: array<u32>;             // [instances][A0, A1, B0, B1]

var<workgroup> cells: array<atomic<u32>, CELLS>;
var<workgroup> plain_cells: array<u32, CELLS>;

fn load(at: u32) -> u32 {
    if SHARED == 1u {
        if PLAIN == 1u {
            return plain_cells[at];
        }
        return atomicLoad(&cells[at]);
    }
    if PLAIN == 1u {
        return plain[at];
    }
    return atomicLoad(&memory[at]);
}

fn store(at: u32, value: u32) {
    if SHARED == 1u {
        if PLAIN == 1u {
            plain_cells[at] = value;
        } else {
            atomicStore(&cells[at], value);
        }
    } else if PLAIN == 1u {
        plain[at] = value;
    } else {
        atomicStore(&memory[at], value);
    }
}

// What an access sees: 0 where it is none, or a store.
fn perform(access: u32, x: u32, y: u32) -> u32 {
    if access == NOTHING {
        return 0u;
    }
    let at = select(x, y, access % 2u == 1u);
    if access < 2u {
        return load(at);
    }
    store(at, access / 2u);
    return 0u;
}

// The first or second access, in the order in which a side makes them.
fn play(side: u32, second: u32, x: u32, y: u32) -> u32 {
    if side == 0u {
        if second == A_SWAPPED {
            return perform(A0, x, y);
        }
        return perform(A1, x, y);
    }
    if second == B_SWAPPED {
        return perform(B0, x, y);
    }
    return perform(B1, x, y);
}

// A permutation of 0 .. n - 1, where n is a power of two.
fn spread(i: u32, n: u32) -> u32 {
    return (i * p.factor + p.shift) % n;
}

// Where x and y of an instance of n are.
fn places(instance: u32, n: u32, stride: u32) -> vec2<u32> {
    return stride * vec2(instance, n + spread(instance, n));
}

// Whether both sides have arrived. An addition is done every time; a load a compiler may do once.
fn met(instance: u32) -> bool {
    return atomicAdd(&arrivals[instance], 0u) == 2u;
}

// Waits until the partner is there too, but not for ever: it may have to wait for this workgroup.
// Returns the patience that is left.
fn meet(instance: u32, round: u32, patience: u32) -> u32 {
    if patience == 0u {
        return 0u;
    }
    if atomicAdd(&arrivals[instance], 1u) == 1u {
        for (var i = 0u; i < round % p.skew; i++) {
            atomicAdd(&arrivals[instance], 0u);
        }
        return patience;
    }
    var left = patience;
    while left > 0u {
        if met(instance) || met(instance) || met(instance) || met(instance) {
            break;
        }
        left--;
    }
    return left;
}

@compute @workgroup_size(GROUP_X)
fn litmus(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    var width = GROUP_X;
    var side = group.x / p.teams;
    var team = group.x % p.teams;
    if WITHIN == 1u {
        width = GROUP_X / 2u;
        side = local / width;
        team = group.x;
    } else if side == 1u {
        team = spread(team, p.teams);
    }
    let instances = p.teams * p.rounds * width;
    var patience = p.patience;
    for (var round = 0u; round < p.rounds; round++) {
        var slot = local % width;
        if side == 1u {
            slot = spread(slot + round, width);
        }
        let instance = (team * p.rounds + round) * width + slot;
        let home = places(instance, instances, p.stride);
        var at = home;
        for (var i = 0u; i < p.stress; i++) {
            atomicAdd(&scratch[(group.x * 64u + i * p.stride) % 1024u], 1u);
        }
        if SHARED == 1u {
            at = places(slot, width, min(p.stride, CELLS / (2u * width)));
            if side == 0u {
                store(at.x, 0u);
                store(at.y, 0u);
            }
            workgroupBarrier();
        } else if WITHIN == 0u {
            patience = meet(instance, round, patience);
        }

        var first = 0u;
        var second = 0u;
        if BARRIER == 1u {
            first = play(side, 0u, at.x, at.y);
            if SHARED == 1u {
                workgroupBarrier();
            } else {
                storageBarrier();
            }
            second = play(side, 1u, at.x, at.y);
        } else if side == 0u {
            first = play(0u, 0u, at.x, at.y);
            second = play(0u, 1u, at.x, at.y);
        } else {
            first = play(1u, 0u, at.x, at.y);
            second = play(1u, 1u, at.x, at.y);
        }

        let swapped = select(A_SWAPPED, B_SWAPPED, side == 1u);
        seen[4u * instance + 2u * side + swapped] = first;
        seen[4u * instance + 2u * side + 1u - swapped] = second;
        if SHARED == 1u {
            workgroupBarrier();
            if side == 0u {
                atomicStore(&memory[home.x], load(at.x));
                atomicStore(&memory[home.y], load(at.y));
            }
        }
    }
}
