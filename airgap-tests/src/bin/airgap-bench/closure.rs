//! Figures of the closure: the whole archive of this machine's release, and what 30 packages take of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use airgap_tests::{Machine, run, tool};
use anyhow::{Context, Result};
use bundler::packages::closure::{Pocket, Profile, Request, Universe, close};

use crate::figure::Bound::AtMost;
use crate::figure::Figure;
use crate::measure;

/// The first argument by which a bench starts itself again, to be measured as a process of its own.
pub(crate) const AGAIN: &str = "close";

/// What nodes of a large platform are given.
const PACKAGES: [&str; 30] = [
    "apparmor",
    "auditd",
    "chrony",
    "conntrack",
    "cryptsetup",
    "curl",
    "ethtool",
    "haproxy",
    "ipset",
    "iptables",
    "jq",
    "keepalived",
    "logrotate",
    "lvm2",
    "multipath-tools",
    "needrestart",
    "nfs-common",
    "nftables",
    "nginx",
    "open-iscsi",
    "postgresql",
    "rsync",
    "rsyslog",
    "smartmontools",
    "socat",
    "sysstat",
    "tcpdump",
    "unattended-upgrades",
    "wireguard-tools",
    "xfsprogs",
];

/// Loads the indexes and solves, against `apt-get --simulate` of the same on the same base, which has no cache either.
pub(crate) fn measure() -> Result<Vec<Figure>> {
    let machine = Machine::new()?;
    let lists = lists(&machine)?;
    let count = lists.iter().try_fold(0, |sum, list| anyhow::Ok(sum + stanzas(list)?))?;
    let mut ours = machine.command_at(&std::env::current_exe().context("a program has a path")?);
    let (status, result) = (machine.path("status"), machine.path("closure"));
    ours.arg(AGAIN).arg(&status).arg(&result).args(&lists);
    let seen = measure::measure(&machine, &ours)?;
    let carried: f64 = std::fs::read_to_string(&result).context("no closure")?.trim().parse()?;
    let theirs = measure::measure(&machine, &apt(&machine, &status, "--simulate")?)?;
    let downloaded = downloads(&machine, &status)?;
    let pockets = lists.len();
    Ok(vec![
        Figure::new(
            "load a release and solve 30 packages / apt-get --simulate",
            seen.seconds / theirs.seconds,
            "",
            AtMost(3.0),
            format!("{:.2} s / {:.2} s, {count} packages in {pockets} indexes", seen.seconds, theirs.seconds),
        ),
        Figure::new("memory of the same", seen.memory, " MiB", AtMost(256.0), String::new()),
        Figure::new(
            "closure / what apt downloads on the minimal base",
            carried / downloaded,
            "",
            AtMost(1.10),
            format!("{:.1} MB / {:.1} MB", carried / 1e6, downloaded / 1e6),
        ),
    ])
}

/// What the process of its own does: finds the closure, and writes the base that it is for and the size of it all.
pub(crate) fn close_here(arguments: &[String]) -> Result<()> {
    let [status, result, lists @ ..] = arguments else { anyhow::bail!("{AGAIN} STATUS RESULT LIST…") };
    let texts = lists.iter().map(std::fs::read).collect::<std::io::Result<Vec<_>>>().context("cannot read a list")?;
    let mut builder = Universe::builder(architecture()?.parse()?, Vec::new());
    for (tag, (name, text)) in lists.iter().zip(&texts).enumerate() {
        builder.add_index(text, Pocket { description: name.clone(), priority: 500, tag })?;
    }
    let universe = builder.finish();
    let [base, _] = Profile::essential(&universe)?;
    let request = |package: &&str| -> Result<Request> {
        let (component, package) = ("nodes".to_owned(), package.parse()?);
        Ok(Request { component, package, architecture: None, version: None, recommends: false })
    };
    let requests = PACKAGES.iter().map(request).collect::<Result<Vec<_>>>()?;
    let closure = close(&universe, std::slice::from_ref(&base), &requests)?;
    let size: u64 = closure.packages.iter().map(|chosen| universe.package_of(chosen.version).size.unwrap_or(0)).sum();
    std::fs::write(status, base.status()).context("cannot write the base")?;
    std::fs::write(result, size.to_string()).context("cannot write the size")
}

/// The package lists of this machine's apt, decompressed.
fn lists(machine: &Machine) -> Result<Vec<PathBuf>> {
    let listing = machine.run("apt-get", &["indextargets", "--format", "$(FILENAME)", "Created-By: Packages"])?;
    let list = |(number, file): (usize, &str)| {
        let words = ["-c", "/usr/lib/apt/apt-helper cat-file \"$1\" > \"$2\"", "sh", file];
        let path = machine.path(format!("list-{number}"));
        machine.run("sh", &[&words[..], &[&path.display().to_string()]].concat())?;
        Ok(path)
    };
    let lists = listing.lines().enumerate().map(list).collect::<Result<Vec<_>>>()?;
    anyhow::ensure!(!lists.is_empty(), "apt has no package lists here: run apt-get update");
    Ok(lists)
}

fn stanzas(list: &Path) -> Result<usize> {
    let text = std::fs::read_to_string(list).context("cannot read a list")?;
    Ok(text.lines().filter(|line| line.starts_with("Package: ")).count())
}

fn architecture() -> Result<String> {
    let mut command = Command::new(tool("dpkg")?);
    Ok(run(command.arg("--print-architecture"))?.success()?.stdout.trim().to_owned())
}

/// apt's installation of the same on the same base.
fn apt(machine: &Machine, status: &Path, how: &str) -> Result<Command> {
    let mut command = machine.command("apt-get", &["-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="])?;
    command.arg("-o").arg(format!("Dir::State::status={}", status.display()));
    command.args(["-o", "Debug::NoLocking=true", "--no-install-recommends", how, "--yes", "install"]).args(PACKAGES);
    Ok(command)
}

/// The sum of the sizes that apt would download: each line is `'URI' NAME SIZE HASH`.
fn downloads(machine: &Machine, status: &Path) -> Result<f64> {
    let printed = run(&mut apt(machine, status, "--print-uris")?)?.success()?.stdout;
    let sizes = printed.lines().filter(|line| line.starts_with('\'')).filter_map(|line| line.split(' ').nth(2));
    let sum = sizes.map(str::parse::<f64>).sum::<Result<f64, _>>().context("apt prints a size that is none")?;
    anyhow::ensure!(sum > 0.0, "apt downloads nothing");
    Ok(sum)
}
