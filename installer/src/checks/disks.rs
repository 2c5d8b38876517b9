//! A node's file systems.

use std::path::Path;
use std::time::Duration;

use airgap_console::ByteSize;
use manifests::site::Role;

use super::{Area, Check, Outcome, Scene, Seen};
use crate::facts::Folder;

/// What has to be free where the data is, in bytes (Embedded Cluster's check).
const FREE: u64 = 40 << 30;
/// What has to be free for each byte of a bundle: images are there as archives and unpacked (Embedded Cluster, air gap).
const FREE_PER_BYTE: u64 = 2;
/// Of a hundred parts, those that are used when it gets tight,
const USED_WARN: u64 = 80;
/// and when the kubelet begins to evict (`imagefs.available < 15 %`).
const USED_FAIL: u64 = 85;
/// Of a hundred files, those that have to be free (kubelet, `nodefs.inodesFree < 5 %`).
const FREE_FILES: u64 = 5;
/// What has to be free for the programs of the distribution, in bytes: a release unpacked is some 200 MB, kept twice.
const FREE_FOR_PROGRAMS: u64 = 1 << 30;
/// How long a write of etcd may take for 99 of 100 (etcd's advice for disks),
const FSYNC_WARN: Duration = Duration::from_millis(10);
/// and how long until members miss heartbeats (etcd's `--heartbeat-interval`).
const FSYNC_FAIL: Duration = Duration::from_millis(100);
/// File systems on which layers of images can't be stacked or etcd loses data.
const UNFIT: [&str; 9] = ["9p", "aufs", "cifs", "exfat", "nfs", "nfs4", "overlay", "tmpfs", "vfat"];
/// File systems that this is known to work on.
const KNOWN: [&str; 4] = ["btrfs", "ext4", "xfs", "zfs"];

const DISKS: Area = Area::Disks;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "disk-free",
        area: DISKS,
        strict: false,
        about: "40 GiB are free where the distribution keeps its data",
        remedy: "make room, or name a larger file system in `dataDirectories` of `site.yaml`",
        fix: None,
        judge: free_at_all,
    },
    Check {
        id: "disk-free-bundle",
        area: DISKS,
        strict: false,
        about: "twice the size of the bundle is free where the distribution keeps its data",
        remedy: "make room, or name a larger file system in `dataDirectories` of `site.yaml`",
        fix: None,
        judge: free_for_bundle,
    },
    Check {
        id: "disk-used",
        area: DISKS,
        strict: false,
        about: "less than 85 % of the data's and the kubelet's file systems is used, where the kubelet begins to evict; from \
            80 % on is a warning",
        remedy: "make room, or use a larger disk",
        fix: None,
        judge: used,
    },
    Check {
        id: "disk-inodes",
        area: DISKS,
        strict: false,
        about: "more than 5 % of the files of the data's and the kubelet's file systems are free",
        remedy: "remove small files, or make the file system anew with more inodes",
        fix: None,
        judge: inodes,
    },
    Check {
        id: "disk-programs",
        area: DISKS,
        strict: false,
        about: "1 GiB is free in /usr/local, which can be written, and is there when systemd looks for RKE2's units",
        remedy: "make room, and let /usr/local be a part of the root file system that can be written",
        fix: None,
        judge: programs,
    },
    Check {
        id: "disk-mount-options",
        area: DISKS,
        strict: true,
        about: "programs may run where the distribution keeps its data, and it can be written",
        remedy: "mount it without `noexec` and `ro`",
        fix: None,
        judge: mount_options,
    },
    Check {
        id: "disk-file-system",
        area: DISKS,
        strict: false,
        about: "the data's file system can hold layers of images and etcd's log: ext4, xfs with ftype=1, btrfs or zfs",
        remedy: "keep the data on a local file system of these",
        fix: None,
        judge: file_system,
    },
    Check {
        id: "disk-no-link",
        area: DISKS,
        strict: false,
        about: "the data directory is no symbolic link",
        remedy: "name the folder that the link leads to in `dataDirectories`, or mount the file system there",
        fix: None,
        judge: no_link,
    },
    Check {
        id: "etcd-fsync",
        area: DISKS,
        strict: false,
        about: "on servers: of 100 writes of 2300 bytes 99 are on the disk within 10 ms; over 100 ms members miss heartbeats",
        remedy: "use an SSD that nothing else writes to",
        fix: None,
        judge: fsync,
    },
];

/// The folder of the distribution's data.
fn data<'s>(seen: &'s Seen<'_>) -> Option<&'s Folder> {
    seen.facts.folders.first()?.as_ref()
}

/// The folder of the kubelet.
fn kubelet<'s>(seen: &'s Seen<'_>) -> Option<&'s Folder> {
    seen.facts.folders.get(1)?.as_ref()
}

/// Both, once if they share a file system.
fn kept<'s>(seen: &'s Seen<'_>) -> Vec<&'s Folder> {
    let mut folders: Vec<_> = data(seen).into_iter().chain(kubelet(seen)).collect();
    folders.dedup_by_key(|folder| &folder.mounted_at);
    folders
}

fn free(folder: Option<&Folder>, needed: u64) -> Outcome {
    let Some(folder) = folder else { return Outcome::unknown("the room") };
    if folder.free >= needed {
        return Outcome::Pass;
    }
    Outcome::Fail(format!("{} of {} free on {}", ByteSize(folder.free), ByteSize(needed), folder.mounted_at.display()))
}

fn free_at_all(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    // What is laid out already has taken its room.
    if seen.ours { Outcome::Pass } else { free(data(seen), FREE) }
}

fn free_for_bundle(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    match scene.bundle {
        Some(bundle) if !seen.ours => free(data(seen), bundle.size.saturating_mul(FREE_PER_BYTE)),
        _ => Outcome::Pass,
    }
}

fn used(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let folders = kept(seen);
    if folders.is_empty() {
        return Outcome::unknown("the room");
    }
    let percent =
        |folder: &Folder| 100 - (u128::from(folder.free) * 100 / u128::from(folder.size.max(1))).min(100) as u64;
    let over = |limit| {
        let over = folders.iter().filter(move |folder| percent(folder) >= limit);
        over.map(|folder| format!("{} % of {}", percent(folder), folder.mounted_at.display())).collect::<Vec<_>>()
    };
    match Outcome::fail_with(&over(USED_FAIL)) {
        Outcome::Pass => Outcome::warn_of(&over(USED_WARN)),
        failed => failed,
    }
}

fn inodes(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let few = kept(seen).into_iter().filter_map(|folder| {
        let (all, free) = folder.inodes?;
        let few = u128::from(free) * 100 <= u128::from(all) * u128::from(FREE_FILES);
        few.then(|| format!("{free} of {all} free on {}", folder.mounted_at.display()))
    });
    Outcome::fail_with(&few.collect::<Vec<_>>())
}

fn programs(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let folder = seen.facts.folders.get(2).and_then(Option::as_ref);
    let laid_out = scene.distribution.map(|known| known.laid_out(seen.node.role)).unwrap_or_default();
    let has_units = laid_out.iter().any(|path| path.starts_with("/usr/local/") && path.ends_with(".service"));
    match folder {
        Some(folder) if has_units && folder.mounted_at == Path::new("/usr/local") => Outcome::Fail(
            "/usr/local is a file system of its own: systemd looks for units before it is mounted, so nothing would come back \
             after a reboot"
                .into(),
        ),
        Some(folder) if folder.options.contains("ro") => {
            Outcome::Fail(format!("{} is mounted read-only", folder.mounted_at.display()))
        }
        folder => free(folder, FREE_FOR_PROGRAMS),
    }
}

fn mount_options(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let Some(folder) = data(seen) else { return Outcome::unknown("how the data's file system is mounted") };
    let wrong: Vec<_> = ["noexec", "ro"].into_iter().filter(|option| folder.options.contains(*option)).collect();
    if wrong.is_empty() {
        return Outcome::Pass;
    }
    Outcome::Fail(format!("{} on {}", super::list(&wrong), folder.mounted_at.display()))
}

fn file_system(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let Some(folder) = data(seen) else { return Outcome::unknown("the data's file system") };
    let kind = folder.file_system.as_str();
    if folder.options.contains("ftype=0") {
        Outcome::Fail("xfs with ftype=0".to_owned())
    } else if UNFIT.contains(&kind) || kind.starts_with("fuse") {
        Outcome::Fail(kind.to_owned())
    } else if KNOWN.contains(&kind) {
        Outcome::Pass
    } else {
        Outcome::Warn(kind.to_owned())
    }
}

fn no_link(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    match data(seen) {
        Some(folder) if folder.link => Outcome::Warn("it is a symbolic link".to_owned()),
        _ => Outcome::Pass,
    }
}

fn fsync(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    if seen.node.role != Role::Server {
        return Outcome::Pass;
    }
    // The slowest but one of a hundred; of fewer, which the disk was too slow for, the slowest.
    let Some(slow) = seen.fsyncs.get((seen.fsyncs.len() * 99 / 100).saturating_sub(1)) else {
        return Outcome::unknown("the speed of the disk");
    };
    let found = format!("{:.1} ms", slow.as_secs_f64() * 1000.0);
    match *slow {
        // Where etcd runs already, its own writes stand in the way of these.
        slow if slow >= FSYNC_FAIL && !seen.ours => Outcome::Fail(found),
        slow if slow >= FSYNC_WARN => Outcome::Warn(found),
        _ => Outcome::Pass,
    }
}
