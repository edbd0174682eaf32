//! The machine's memory: how much this process can still allocate.

use sysinfo::{CpuRefreshKind, RefreshKind, System};

/// Bytes still available, minus a reserve: the machine's free memory, within the limits of the
/// process and its containers.
pub fn available() -> u64 {
    let mut system = System::new();
    system.refresh_memory();
    // If unknown it is 0: then nothing is refused.
    let machine = Some(system.available_memory()).filter(|&bytes| bytes > 0);
    let bounds = machine.into_iter().chain(bounds());
    let least = bounds.min().unwrap_or(u64::MAX);
    least - least / RESERVE
}

/// This fraction is kept for unaccounted memory.
const RESERVE: u64 = 8;

/// Refuses an allocation of `bytes` that does not fit: the words before the figures.
pub(crate) fn left(bytes: u64) -> std::result::Result<(), String> {
    let left = available();
    match bytes <= left {
        true => Ok(()),
        false => Err(format!(
            "about {} of memory, and {} are left",
            size(bytes),
            size(left)
        )),
    }
}

/// A human-readable number of bytes.
pub(crate) fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}

/// The CPU's model, if the system reports it.
pub(crate) fn cpu() -> Option<String> {
    let what = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let system = System::new_with_specifics(what);
    let words = system.cpus().first()?.brand().split_whitespace();
    let model = words.collect::<Vec<_>>().join(" ");
    Some(model).filter(|model| !model.is_empty())
}

#[cfg(not(target_os = "linux"))]
fn bounds() -> Vec<u64> {
    Vec::new()
}

#[cfg(target_os = "linux")]
use linux::bounds;

/// Limits on Linux processes in addition to the machine's memory.
#[cfg(target_os = "linux")]
mod linux {
    use std::fs::read_to_string;
    use std::path::{Path, PathBuf};

    /// The names of a control group's files, and of its reclaimable memory.
    struct Files {
        limit: &'static str,
        used: &'static str,
        cached: [&'static str; 2],
    }

    const FIRST: Files = Files {
        limit: "memory.limit_in_bytes",
        used: "memory.usage_in_bytes",
        cached: ["total_active_file", "total_inactive_file"],
    };
    const SECOND: Files = Files {
        limit: "memory.max",
        used: "memory.current",
        cached: ["active_file", "inactive_file"],
    };

    /// What control groups and the process's own limits allow.
    pub(super) fn bounds() -> Vec<u64> {
        let read = |file: &str| read_to_string(Path::new("/proc/self").join(file));
        let [groups, mounts, limits, status] =
            ["cgroup", "mountinfo", "limits", "status"].map(|file| read(file).unwrap_or_default());
        let groups = folders(&groups, &mounts);
        let groups = groups
            .iter()
            .filter_map(|(folder, files)| room(folder, files));
        groups.chain(own(&limits, &status)).collect()
    }

    /// The control group folders of the process, from its own upwards, with the names of their
    /// files: for either cgroup version, as far as mounted here.
    fn folders(groups: &str, mounts: &str) -> Vec<(PathBuf, &'static Files)> {
        let mut folders = Vec::new();
        for mount in mounts.lines() {
            let Some((place, system)) = mount.split_once(" - ") else {
                continue;
            };
            let place: Vec<&str> = place.split(' ').collect();
            let system: Vec<&str> = system.split(' ').collect();
            let ([_, _, _, root, at, ..], [kind, _, options]) = (&place[..], &system[..]) else {
                continue;
            };
            let (files, controller) = match *kind {
                "cgroup2" => (&SECOND, ""),
                "cgroup" if options.split(',').any(|o| o == "memory") => (&FIRST, "memory"),
                _ => continue,
            };
            let Some(path) = path(groups, controller) else {
                continue;
            };
            // In a container, the mount may start at its own group.
            let below = Path::new(path).strip_prefix(root);
            let own = Path::new(at).join(below.unwrap_or(Path::new("")));
            let above = own.ancestors().take_while(|f| f.starts_with(at));
            folders.extend(above.map(|folder| (folder.to_owned(), files)));
        }
        folders
    }

    /// The group's path in a hierarchy: that of this controller, or of version 2, which has none.
    fn path<'a>(groups: &'a str, controller: &str) -> Option<&'a str> {
        groups.lines().find_map(|line| {
            let (_, line) = line.split_once(':')?;
            let (controllers, path) = line.split_once(':')?;
            let own = controllers.split(',').any(|c| c == controller);
            own.then_some(path)
        })
    }

    /// What a group may still allocate; `None` if it has no limit.
    fn room(folder: &Path, files: &Files) -> Option<u64> {
        let read = |file: &str| read_to_string(folder.join(file)).ok();
        let number = |file: &str| read(file)?.trim().parse::<u64>().ok();
        let (limit, used) = (number(files.limit)?, number(files.used)?);
        let stat = read("memory.stat").unwrap_or_default();
        let cached = stat.lines().filter_map(|line| line.split_once(' '));
        let cached = cached.filter(|(name, _)| files.cached.contains(name));
        let cached: u64 = cached.filter_map(|(_, n)| n.parse::<u64>().ok()).sum();
        Some(limit.saturating_sub(used.saturating_sub(cached)))
    }

    /// What `ulimit` allows of address space and data.
    fn own<'a>(limits: &'a str, status: &'a str) -> impl Iterator<Item = u64> + 'a {
        let kinds = [
            ("Max address space", "VmSize:"),
            ("Max data size", "VmData:"),
        ];
        kinds.into_iter().filter_map(move |(limit, used)| {
            let value = |text: &'a str, name: &str| -> Option<u64> {
                let line = text.lines().find_map(|line| line.strip_prefix(name))?;
                line.split_whitespace().next()?.parse().ok()
            };
            let used = value(status, used)? << 10;
            Some(value(limits, limit)?.saturating_sub(used))
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const V2: &str = "29 23 0:26 / /cg rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
        const V1: &str = "30 23 0:27 /docker/1f /cg/memory ro - cgroup cgroup rw,memory\n\
                          31 23 0:28 / /cg/cpu ro - cgroup cgroup rw,cpu\n";

        #[track_caller]
        fn found(groups: &str, mounts: &str, wanted: &[&str]) {
            let folders = folders(groups, mounts);
            let found: Vec<&Path> = folders.iter().map(|f| &*f.0).collect();
            assert_eq!(found, wanted.iter().map(Path::new).collect::<Vec<_>>());
        }

        #[test]
        fn groups_are_found_from_a_process_up_in_both_versions() {
            let own = "0::/user.slice/run-1.scope\n";
            let up = ["/cg/user.slice/run-1.scope", "/cg/user.slice", "/cg"];
            found(own, V2, &up);
            found("0::/\n", V2, &["/cg"]);
            let old = "4:memory:/docker/1f/sub\n1:cpu:/\n0::/x\n";
            found(old, V1, &["/cg/memory/sub", "/cg/memory"]);
            // The paths are the host's, the mount is the container's.
            found("4:memory:/elsewhere\n", V1, &["/cg/memory"]);
            found("", V2, &[]);
        }

        #[test]
        fn a_group_has_room_for_what_it_does_not_use_or_can_give_back() {
            let folder = tempfile::tempdir().unwrap();
            let write = |file: &str, text: &str| {
                std::fs::write(folder.path().join(file), text).unwrap();
            };
            assert_eq!(room(folder.path(), &SECOND), None);
            write("memory.current", "700\n");
            write("memory.max", "max\n");
            assert_eq!(room(folder.path(), &SECOND), None);
            write("memory.max", "1000\n");
            write(
                "memory.stat",
                "anon 400\ninactive_file 200\nactive_file 50\n",
            );
            assert_eq!(room(folder.path(), &SECOND), Some(550));
            write("memory.limit_in_bytes", "300\n");
            write("memory.usage_in_bytes", "700\n");
            assert_eq!(room(folder.path(), &FIRST), Some(0));
        }

        #[test]
        fn limits_of_the_process_count_what_it_has() {
            let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                          Max data size             unlimited            unlimited            bytes\n\
                          Max address space         3000000              unlimited            bytes\n";
            let status = "VmSize:\t    1000 kB\nVmData:\t     500 kB\n";
            assert_eq!(
                own(limits, status).collect::<Vec<_>>(),
                [3_000_000 - 1_024_000]
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_memory_left_and_not_without_end() {
        assert!(left(1).is_ok());
        let refused = left(u64::MAX - 1).unwrap_err();
        assert!(refused.contains("are left"), "{refused}");
    }
}
