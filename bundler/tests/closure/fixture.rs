//! Small archives and machines, given to us and to real apt alike.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use bundler::packages::closure::{Closure, Pocket, Profile, Request, Universe, Unsolvable, close};
use manifests::Digest;
use manifests::debian::Release;
use manifests::debian::release::IndexFile;

use crate::apt::Apt;

/// A system with its sources.
pub struct Fixture {
    pockets: Vec<Source>,
    status: String,
    foreign: Vec<String>,
}

struct Source {
    text: String,
    pin: Option<i16>,
    not_automatic: bool,
    but_automatic_upgrades: bool,
}

/// What came out.
pub struct Outcome {
    /// `name version`, or `name:architecture version` of a foreign one; sorted.
    pub ours: Result<Vec<String>, String>,
    /// What real apt would install.
    pub apt: Result<Vec<String>, String>,
}

/// A stanza: `name version [architecture]`, and further fields.
pub fn package(head: &str, fields: &[&str]) -> String {
    stanza(
        head,
        fields,
        &format!(
            "Filename: pool/{}.deb\nSize: 1\nSHA256: {}\n",
            head.replace(' ', "_"),
            Digest::of(head.as_bytes()).hex()
        ),
    )
}

/// The same of a status file.
pub fn installed(head: &str, fields: &[&str]) -> String {
    stanza(head, fields, "Status: install ok installed\n")
}

/// The same of a package on hold.
pub fn held(head: &str, fields: &[&str]) -> String {
    stanza(head, fields, "Status: hold ok installed\n")
}

fn stanza(head: &str, fields: &[&str], rest: &str) -> String {
    let words: Vec<&str> = head.split(' ').collect();
    let architecture = words.get(2).unwrap_or(&"amd64");
    let mut text = format!("Package: {}\nVersion: {}\nArchitecture: {architecture}\n", words[0], words[1]);
    for field in fields {
        writeln!(text, "{field}").unwrap();
    }
    let priority = if fields.iter().any(|field| field.starts_with("Priority:")) { "" } else { "Priority: optional\n" };
    format!("{text}{priority}Maintainer: Nobody <nobody@example.org>\nDescription: a test\n{rest}\n")
}

/// What a component asks for: `package`, or `package (>= 1)`.
pub fn asks(component: &str, text: &str) -> Request {
    let (package, version) =
        text.split_once(" (").map_or((text, None), |(name, rest)| (name, Some(rest.trim_end_matches(')'))));
    let (package, architecture) = package.split_once(':').map_or((package, None), |(name, arch)| (name, Some(arch)));
    Request {
        component: component.to_owned(),
        package: package.parse().unwrap(),
        architecture: architecture.map(|architecture| architecture.parse().unwrap()),
        version: version.map(|version| version.parse().unwrap()),
        recommends: false,
    }
}

impl Fixture {
    pub fn new(packages: &[String]) -> Self {
        Self { pockets: Vec::new(), status: String::new(), foreign: Vec::new() }.pocket(packages)
    }

    /// Another pocket.
    pub fn pocket(mut self, packages: &[String]) -> Self {
        self.pockets.push(Source {
            text: packages.concat(),
            pin: None,
            not_automatic: false,
            but_automatic_upgrades: false,
        });
        self
    }

    /// Pins the last pocket.
    pub fn pinned(mut self, priority: i16) -> Self {
        self.pockets.last_mut().unwrap().pin = Some(priority);
        self
    }

    /// Makes the last pocket one of backports.
    pub fn backports(mut self) -> Self {
        let pocket = self.pockets.last_mut().unwrap();
        (pocket.not_automatic, pocket.but_automatic_upgrades) = (true, true);
        self
    }

    /// Makes the last pocket one of experiments.
    pub fn experimental(mut self) -> Self {
        self.pockets.last_mut().unwrap().not_automatic = true;
        self
    }

    pub fn base(mut self, packages: &[String]) -> Self {
        self.status = packages.concat();
        self
    }

    /// A base as a profile has it.
    pub fn profiled(mut self, profile: &Profile) -> Self {
        self.status = String::from_utf8(profile.status().to_vec()).unwrap();
        self
    }

    pub fn foreign(mut self, architecture: &str) -> Self {
        self.foreign.push(architecture.to_owned());
        self
    }

    fn release(&self, place: usize) -> Release {
        let source = &self.pockets[place];
        let mut release = Release::new("2026-01-01T00:00:00Z".parse().unwrap());
        release.label = Some(format!("pocket{place}"));
        release.architectures = ["amd64", "i386"].iter().map(|name| name.parse().unwrap()).collect();
        release.not_automatic = source.not_automatic;
        release.but_automatic_upgrades = source.but_automatic_upgrades;
        let file = IndexFile { digest: Digest::of(source.text.as_bytes()), size: source.text.len() as u64 };
        release.files.insert("Packages".to_owned(), file);
        release
    }

    pub fn universe(&self) -> Universe<'_> {
        let foreign = self.foreign.iter().map(|name| name.parse().unwrap()).collect();
        let mut builder = Universe::builder("amd64".parse().unwrap(), foreign);
        for (tag, source) in self.pockets.iter().enumerate() {
            let priority = source.pin.unwrap_or_else(|| self.release(tag).priority());
            let pocket = Pocket { description: format!("pocket{tag}"), priority, tag };
            builder.add_index(source.text.as_bytes(), pocket).unwrap();
        }
        builder.finish()
    }

    pub fn profile(&self) -> Profile {
        Profile::from_status("test", self.status.as_bytes()).unwrap()
    }

    /// What we say.
    pub fn close(&self, requests: &[Request]) -> Result<Vec<String>, String> {
        let universe = self.universe();
        close(&universe, &[self.profile()], requests)
            .map(|closure| names(&universe, &closure))
            .map_err(|error| in_full(&error))
    }

    /// An apt that has read the pockets.
    pub fn apt(&self) -> Apt {
        let sources = tempfile::tempdir().unwrap();
        let mut lines = String::new();
        let mut pins = String::new();
        for (place, source) in self.pockets.iter().enumerate() {
            let folder = sources.path().join(place.to_string());
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join("Packages"), &source.text).unwrap();
            std::fs::write(folder.join("Release"), self.release(place).to_string()).unwrap();
            writeln!(lines, "deb [trusted=yes] file:{} ./", folder.display()).unwrap();
            if let Some(pin) = source.pin {
                writeln!(pins, "Package: *\nPin: release l=pocket{place}\nPin-Priority: {pin}\n").unwrap();
            }
        }
        let list = sources.path().join("sources.list");
        std::fs::write(&list, lines).unwrap();
        let architectures = std::iter::once("amd64").chain(self.foreign.iter().map(String::as_str));
        let options = [
            format!("Dir::Etc::sourcelist={}", list.display()),
            format!("Dir::Etc::sourceparts={}", sources.path().join("none.d").display()),
            format!("Dir::State::lists={}", sources.path().join("lists").display()),
            "APT::Architecture=amd64".to_owned(),
            format!("APT::Architectures={{{}}}", architectures.collect::<Vec<_>>().join(",")),
        ];
        for name in ["lists/partial", "none.d"] {
            std::fs::create_dir_all(sources.path().join(name)).unwrap();
        }
        let apt = Apt::new(self.status.as_bytes(), &options).with_sources(sources);
        std::fs::write(apt.path("preferences"), pins).unwrap();
        let update = apt.run(&["update", "--error-on=any"]);
        assert!(update.status.success(), "{}", String::from_utf8_lossy(&update.stderr));
        apt
    }

    /// What we say and what apt says, which has to be carried wherever apt can install it.
    pub fn compare(&self, requests: &[Request]) -> Outcome {
        let ours = self.close(requests);
        let arguments: Vec<String> = requests.iter().map(|request| self.argument(request)).collect();
        let apt = self.apt().simulate(&arguments, requests.iter().any(|request| request.recommends));
        let apt = apt.map(|installed| {
            let name = |name: String, architecture: &str| match self.foreign.iter().any(|known| known == architecture) {
                true => format!("{name}:{architecture}"),
                false => name,
            };
            let installed = installed.into_iter();
            installed.map(|(package, version, arch)| format!("{} {version}", name(package, &arch))).collect::<Vec<_>>()
        });
        if let Ok(apt) = &apt {
            let ours: BTreeSet<&String> = ours
                .as_ref()
                .unwrap_or_else(|error| panic!("apt installs {apt:?}, and we say {error}"))
                .iter()
                .collect();
            assert!(apt.iter().all(|package| ours.contains(package)), "apt installs {apt:?}, and we carry {ours:?}");
        }
        Outcome { ours, apt }
    }

    fn argument(&self, request: &Request) -> String {
        let architecture = request.architecture.as_ref().map_or_else(String::new, |name| format!(":{name}"));
        // apt takes exact versions alone; the tests ask for what there is.
        let version = request.version.as_ref().map_or_else(String::new, |version| format!("={}", version.version));
        format!("{}{architecture}{version}", request.package)
    }
}

impl Outcome {
    /// Both install exactly this.
    pub fn is(&self, packages: &[&str]) {
        self.we_carry(packages);
        assert_eq!(self.apt.as_ref().unwrap(), packages);
    }

    pub fn we_carry(&self, packages: &[&str]) {
        assert_eq!(self.ours.as_ref().unwrap(), packages);
    }

    /// What apt installs is among what we carry.
    pub fn carries_what_apt_installs(&self) {
        let (ours, apt) = (self.ours.as_ref().unwrap(), self.apt.as_ref().unwrap());
        let missing: Vec<&String> = apt.iter().filter(|package| !ours.contains(package)).collect();
        assert!(missing.is_empty() && !apt.is_empty(), "apt installs {apt:?}; of these {missing:?} are not carried");
    }

    /// Neither installs it, and we say why.
    pub fn is_refused(&self, words: &[&str]) {
        let apt = self.apt.as_ref().unwrap_err();
        assert!(apt.contains("E: "), "{apt}");
        self.we_refuse(words);
    }

    pub fn we_refuse(&self, words: &[&str]) {
        let ours = self.ours.as_ref().unwrap_err();
        for word in words {
            assert!(ours.contains(word), "expected `{word}` in: {ours}");
        }
    }
}

/// The names and versions of a closure, sorted.
pub fn names(universe: &Universe<'_>, closure: &Closure) -> Vec<String> {
    let native = universe.native().as_str();
    let packages = closure.packages.iter().map(|chosen| universe.package_of(chosen.version));
    let mut names: Vec<String> = packages
        .map(|package| match package.architecture {
            architecture if architecture == native || architecture == "all" => {
                format!("{} {}", package.name, package.version)
            }
            architecture => format!("{}:{architecture} {}", package.name, package.version),
        })
        .collect();
    names.sort();
    names
}

/// Everything that an error says.
pub fn in_full(error: &Unsolvable) -> String {
    let problems: Vec<String> = error.problems.iter().map(ToString::to_string).collect();
    format!("{error}\n{}", problems.join("\n"))
}
