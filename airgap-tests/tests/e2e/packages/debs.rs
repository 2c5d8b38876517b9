//! Small packages that are made here with Debian's own tool.

use std::path::Path;
use std::process::Command;

use airgap_tests::{Machine, Random, run, tool};

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
    make_with(name, version, &format!("Architecture: {}\n{more}", architecture()), "")
}

/// The same with an architecture among the fields, and with a file of that many bytes, which do not compress.
pub(super) fn make_large(name: &str, version: &str, fields: &str, size: usize) -> Deb {
    let machine = Machine::new().unwrap();
    let bytes = Random::new(size as u64).bytes(size);
    machine.write(format!("deb/usr/share/{name}/large"), bytes).unwrap();
    build(&machine, name, version, fields)
}

/// The same with an architecture among the fields, and with what runs when it has been installed.
pub(super) fn make_with(name: &str, version: &str, fields: &str, postinst: &str) -> Deb {
    let machine = Machine::new().unwrap();
    if !postinst.is_empty() {
        let script = machine.write("deb/DEBIAN/postinst", format!("#!/bin/sh\nset -e\n{postinst}\n")).unwrap();
        machine.run("chmod", &["755", &script.display().to_string()]).unwrap();
    }
    build(&machine, name, version, fields)
}

fn build(machine: &Machine, name: &str, version: &str, fields: &str) -> Deb {
    let control = format!(
        "Package: {name}\nVersion: {version}\nMaintainer: Nobody <nobody@example.org>\n{fields}\
         Description: made for a test\n"
    );
    machine.write("deb/DEBIAN/control", &control).unwrap();
    machine.write(format!("deb/usr/share/{name}/version"), version).unwrap();
    machine.run("dpkg-deb", &["--build", "--root-owner-group", "deb", "made.deb"]).unwrap();
    Deb::read(&machine.path("made.deb"))
}
