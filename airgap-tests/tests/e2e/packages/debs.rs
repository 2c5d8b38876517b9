//! Small packages that are made here with Debian's own tool.

use std::path::Path;
use std::process::Command;

use airgap_tests::{Machine, run, tool};

/// A package: what its control file says, and its bytes.
#[derive(Clone)]
pub(super) struct Deb {
    pub(super) control: String,
    pub(super) content: Vec<u8>,
}

impl Deb {
    fn read(path: &Path) -> Self {
        let control = output("dpkg-deb", &["--field", &path.display().to_string()]);
        Self { control, content: std::fs::read(path).unwrap() }
    }
}

fn output(name: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(tool(name).unwrap());
    command.args(arguments).env("LC_ALL", "C.UTF-8");
    run(&mut command).unwrap().success().unwrap().stdout
}

/// The architecture of this machine and of its nodes.
pub(super) fn architecture() -> String {
    output("dpkg", &["--print-architecture"]).trim().to_owned()
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
