//! The state of a node's packages.

use super::{Area, Check, Outcome, Scene, Seen};

const PACKAGES: Area = Area::Packages;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dpkg-finished",
        area: PACKAGES,
        strict: false,
        about: "dpkg has finished with every package",
        remedy: "run `dpkg --configure -a`",
        fix: None,
        judge: |_, seen| match &seen.facts.packages.unfinished {
            Some(unfinished) => Outcome::fail_with(unfinished),
            None => Outcome::Pass,
        },
    },
    Check {
        id: "dpkg-unlocked",
        area: PACKAGES,
        strict: false,
        about: "nobody installs packages just now",
        remedy: "wait until it has ended",
        fix: None,
        judge: |_, seen| match &seen.facts.packages.locked_by {
            Some(name) if name.is_empty() => Outcome::Warn("somebody holds the lock of dpkg".to_owned()),
            Some(name) => Outcome::Warn(format!("{name} holds the lock of dpkg")),
            None => Outcome::Pass,
        },
    },
    Check {
        id: "packages-held",
        area: PACKAGES,
        strict: false,
        about: "no package is held back, which a bundle might want to change",
        remedy: "`apt-mark unhold PACKAGE` lets it go, if that is meant",
        fix: None,
        judge: |_, seen| Outcome::warn_of(&seen.facts.packages.held),
    },
    Check {
        id: "unattended-upgrades",
        area: PACKAGES,
        strict: false,
        about: "packages do not change by themselves",
        remedy: "run `systemctl disable --now unattended-upgrades`, or exclude what the bundle brings",
        fix: None,
        judge: unattended,
    },
    Check {
        id: "reboot-required",
        area: PACKAGES,
        strict: false,
        about: "no package waits for a reboot",
        remedy: "reboot the node",
        fix: None,
        judge: |_, seen| match seen.facts.packages.reboot_required {
            Some(true) => Outcome::Warn("packages wait for a reboot".to_owned()),
            Some(false) | None => Outcome::Pass,
        },
    },
];

fn unattended(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    if seen.facts.runs_or_will("unattended-upgrades.service") {
        return Outcome::Warn("unattended-upgrades runs".to_owned());
    }
    Outcome::Pass
}
