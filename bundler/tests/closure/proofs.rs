//! The proof with real `apt-get`: it holds, or says what is missing.

use std::ffi::OsStr;

use bundler::packages::closure::Profile;
use bundler::packages::proof::{ProofError, Subject, WantedPackage, prove, prove_with};
use manifests::debian::Architecture;

use crate::fixture::{installed, package};

struct Case {
    index: String,
    profile: Profile,
    wanted: Vec<WantedPackage>,
    foreign: Vec<Architecture>,
}

fn wanted(name: &str, version: &str) -> WantedPackage {
    WantedPackage {
        name: name.to_owned(),
        architecture: "amd64".to_owned(),
        version: version.to_owned(),
        recommends: false,
    }
}

impl Case {
    fn new(packages: &[String], base: &[String], asked: &[(&str, &str)]) -> Self {
        Self {
            index: packages.concat(),
            profile: Profile::from_status("node", base.concat().into_bytes()).unwrap(),
            wanted: asked.iter().map(|(name, version)| wanted(name, version)).collect(),
            foreign: Vec::new(),
        }
    }

    fn prove(&self) -> Result<Vec<String>, ProofError> {
        self.prove_with(OsStr::new("apt-get"))
    }

    fn prove_with(&self, apt_get: &OsStr) -> Result<Vec<String>, ProofError> {
        let native = "amd64".parse().unwrap();
        let subject = Subject {
            profile: &self.profile,
            native: &native,
            foreign: &self.foreign,
            index: &self.index,
            wanted: &self.wanted,
        };
        prove_with(apt_get, &subject).map(|found| found.iter().map(ToString::to_string).collect())
    }
}

fn archive() -> Vec<String> {
    vec![
        package("app 1", &["Depends: lib (>= 2), present", "Recommends: extra"]),
        package("lib 2", &["Phased-Update-Percentage: 0"]),
        package("extra 1 all", &[]),
    ]
}

#[test]
fn it_holds_and_says_what_is_installed() {
    let base = [installed("present 1", &[]), installed("lib 1", &[])];
    let mut case = Case::new(&archive(), &base, &[("app", "1")]);
    assert_eq!(case.prove().unwrap(), ["app:amd64 1", "lib:amd64 2"]);
    case.wanted[0].recommends = true;
    assert_eq!(case.prove().unwrap(), ["app:amd64 1", "extra:all 1", "lib:amd64 2"]);
}

#[test]
fn it_holds_in_a_temporary_folder_with_any_name() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("it's [a] 100% blank ~ö");
    std::fs::create_dir(&folder).unwrap();
    // The folder is this process's own matter, so the test runs again in another.
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "proofs::it_holds_and_says_what_is_installed"]).env("TMPDIR", &folder);
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_package_that_is_missing_is_named() {
    let error = Case::new(&archive(), &[], &[("app", "1")]).prove().unwrap_err();
    assert!(matches!(error, ProofError::Unmet { .. }));
    let text = error.to_string();
    assert!(
        text.contains("profile `node`") && text.contains("app : Depends: present but it is not installable"),
        "{text}"
    );
}

#[test]
fn another_version_is_noticed() {
    let base = [installed("present 1", &[])];
    let error = Case::new(&archive(), &base, &[("app", "2")]).prove().unwrap_err().to_string();
    assert!(error.contains("Version '2' for 'app' was not found"), "{error}");
    let mut older = archive();
    older[1] = package("lib 1.5", &[]);
    let error = Case::new(&older, &base, &[("app", "1")]).prove().unwrap_err().to_string();
    assert!(error.contains("app : Depends: lib (>= 2)"), "{error}");
}

#[test]
fn what_would_be_removed_is_refused() {
    let packages = [package("app 1", &["Conflicts: old"])];
    let error = Case::new(&packages, &[installed("old 1", &[])], &[("app", "1")]).prove().unwrap_err().to_string();
    assert!(error.contains("remove"), "{error}");
}

#[test]
fn a_later_version_on_the_node_stays() {
    let packages = [package("app 1", &[])];
    let case = Case::new(&packages, &[installed("app 2", &[])], &[("app", "1")]);
    assert_eq!(case.prove().unwrap(), Vec::<String>::new());
}

#[test]
fn foreign_architectures_are_proved_too() {
    let packages = [package("lib 2", &["Multi-Arch: same"]), package("lib 2 i386", &["Multi-Arch: same"])];
    let mut case = Case::new(&packages, &[installed("lib 1", &["Multi-Arch: same"])], &[("lib", "2")]);
    case.foreign = vec!["i386".parse().unwrap()];
    case.wanted[0].architecture = "i386".to_owned();
    assert_eq!(case.prove().unwrap(), ["lib:amd64 2", "lib:i386 2"]);
}

#[test]
fn without_apt_get_it_says_what_to_do() {
    let case = Case::new(&archive(), &[], &[("app", "1")]);
    let error = case.prove_with(OsStr::new("/nonexistent/apt-get")).unwrap_err();
    assert!(matches!(error, ProofError::NoApt));
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert!(help.contains("install the package `apt`") && help.contains("--without-apt-proof"), "{help}");
}

#[test]
fn an_index_that_is_none_is_refused() {
    let mut case = Case::new(&archive(), &[], &[("app", "1")]);
    case.index.push_str("Package: ../x\n");
    assert!(matches!(case.prove().unwrap_err(), ProofError::Index(_)));
}

#[test]
fn nothing_wanted_is_nothing_to_prove() {
    let case = Case::new(&archive(), &[], &[]);
    assert_eq!(case.prove().unwrap(), Vec::<String>::new());
    let native = "amd64".parse().unwrap();
    let subject =
        Subject { profile: &case.profile, native: &native, foreign: &[], index: &case.index, wanted: &case.wanted };
    assert!(prove(&subject).unwrap().is_empty());
}
