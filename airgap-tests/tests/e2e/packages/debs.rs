//! Real packages: those of the archive that this machine uses, and small ones that are made here.

use std::path::{Path, PathBuf};
use std::process::Command;

use airgap_tests::{Machine, Profile, run, tool};

/// A package: what its control file says, and its bytes.
#[derive(Clone)]
pub(super) struct Deb {
    pub(super) control: String,
    pub(super) content: Vec<u8>,
}

impl Deb {
    fn read(path: &Path) -> Self {
        let control = output("dpkg-deb", &["--field", &path.display().to_string()], None);
        Self { control, content: std::fs::read(path).unwrap() }
    }
}

fn output(name: &str, arguments: &[&str], folder: Option<&Path>) -> String {
    let mut command = Command::new(tool(name).unwrap());
    command.args(arguments).env("LC_ALL", "C.UTF-8");
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    run(&mut command).unwrap().success().unwrap().stdout
}

/// The architecture of this machine and of its nodes.
pub(super) fn architecture() -> String {
    output("dpkg", &["--print-architecture"], None).trim().to_owned()
}

/// What real apt fetches for these packages on a node of this profile, from this machine's own archive.
pub(super) fn closure(profile: Profile, packages: &[&str]) -> Vec<Deb> {
    let status = profile.status().unwrap().display().to_string();
    let status = format!("Dir::State::status={status}");
    let private = ["-o", &status, "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="];
    let calm = ["-q", "-y", "--simulate", "-o", "Debug::NoLocking=1", "-o", "APT::Install-Recommends=false"];
    let simulated = output("apt-get", &[&private[..], &calm, &["install"], packages].concat(), None);
    // Inst chrony (4.3-2 Debian:12.9/stable [amd64])
    let chosen = simulated.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("Inst ")?.split_once(' ')?;
        let (_, rest) = rest.split_once('(')?;
        Some(format!("{name}={}", rest.split(' ').next()?))
    });
    let chosen: Vec<String> = chosen.collect();
    assert!(chosen.len() >= packages.len(), "apt would install nothing:\n{simulated}");
    chosen.iter().map(|package| Deb::read(&download(package))).collect()
}

/// Fetches a package with apt, which checks it against the signed index. Kept between runs.
fn download(package: &str) -> PathBuf {
    let kept = airgap_tests::rig_folder().join("debs").join(package.replace(['/', ':'], "_"));
    let debs = |folder: &Path| {
        let entries = std::fs::read_dir(folder).ok().into_iter().flatten().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "deb")).collect::<Vec<_>>()
    };
    if let Some(deb) = debs(&kept).pop() {
        return deb;
    }
    std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
    let new = tempfile::tempdir_in(kept.parent().unwrap()).unwrap();
    output("apt-get", &["-q", "-o", "APT::Sandbox::User=root", "download", package], Some(new.path()));
    match std::fs::rename(new.keep(), &kept) {
        // Another test was faster.
        Ok(()) | Err(_) => debs(&kept).pop().unwrap(),
    }
}

/// Makes a package with a file of its own.
pub(super) fn make(name: &str, version: &str, more: &str) -> Deb {
    let machine = Machine::new().unwrap();
    let control = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: {}\nMaintainer: Nobody <nobody@example.org>\n{more}\
         Description: made for a test\n",
        architecture()
    );
    machine.write("deb/DEBIAN/control", &control).unwrap();
    machine.write(format!("deb/usr/share/{name}/version"), version).unwrap();
    machine.run("dpkg-deb", &["--build", "--root-owner-group", "deb", "made.deb"]).unwrap();
    Deb::read(&machine.path("made.deb"))
}
