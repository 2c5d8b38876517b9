//! Random sets of packages from the machine's own archive, each on several bases: whatever real apt would install of the
//! whole archive is in our closure, and of the closure alone it installs what is asked for.
//!
//! The sets follow from a seed; every fourth is installed with what it recommends. `CLOSURE_SETS` (12) says how many,
//! `CLOSURE_SEED` (1) which.
#![allow(clippy::print_stdout, reason = "what a long run saw is for a person to read")]

use std::collections::BTreeSet;

use bundler::packages::closure::{Closure, Profile, Request, Universe, close};
use bundler::packages::proof::{Subject, WantedPackage, prove};
use manifests::debian::{MultiArch, Package, Stanzas};

use super::apt::{Apt, Installed};
use super::archive::Archive;

struct Base {
    profile: Profile,
    apt: Apt,
}

#[test]
fn what_apt_installs_is_in_the_closure() {
    let archive = Archive::of_this_machine();
    let universe = archive.universe();
    let names = installable(&archive);
    let bases = bases(&universe);
    let (sets, seed) = (setting("CLOSURE_SETS", 12), setting("CLOSURE_SEED", 1));
    let mut random = fastrand::Rng::with_seed(seed);
    let cases: Vec<(Vec<String>, bool)> = (0..sets)
        .map(|_| {
            let count = random.usize(1..=6);
            let packages = random.choose_multiple(names.iter(), count).into_iter().cloned().collect();
            (packages, random.u8(0..4) == 0)
        })
        .collect();
    // apt takes its time: one thread for each base.
    let tallies = std::thread::scope(|scope| {
        let of_base = |number: usize| {
            let (base, universe) = (&bases[number], &universe);
            let cases = &cases;
            scope.spawn(move || {
                let mut tally = Tally::default();
                cases.iter().for_each(|(packages, recommends)| tally.compare(universe, base, packages, *recommends));
                tally
            })
        };
        let threads: Vec<_> = (0..bases.len()).map(of_base).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let mut tally = Tally::default();
    tallies.into_iter().for_each(|other| tally.add(other));
    tally.print();
    assert!(tally.differences.is_empty(), "of {sets} sets with seed {seed}:\n{}", tally.differences.join("\n"));
    assert!(
        tally.agreed * 2 > sets * bases.len() as u64,
        "apt could install hardly any of the sets, so they show nothing"
    );
}

#[derive(Default)]
struct Tally {
    agreed: u64,
    carried: usize,
    installed: usize,
    refused_by_both: u64,
    found_alone: u64,
    differences: Vec<String>,
}

impl Tally {
    fn compare(&mut self, universe: &Universe<'_>, base: &Base, packages: &[String], recommends: bool) {
        let ours = close(universe, std::slice::from_ref(&base.profile), &requests(packages, recommends));
        let theirs = base.apt.simulate(packages, recommends);
        let case = format!("{} {packages:?} recommends={recommends}", base.profile.name());
        if let Ok(ours) = &ours
            && let Err(error) = prove_alone(universe, base, ours)
        {
            self.differences.push(format!("{case}: apt does not install it of the closure alone: {error}"));
        }
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                let ours = carried(universe, &ours);
                let missing: Vec<&Installed> = theirs.difference(&ours).collect();
                self.carried += ours.len();
                self.installed += theirs.len();
                if missing.is_empty() {
                    self.agreed += 1;
                } else {
                    self.differences.push(format!("{case}: apt installs {missing:?}, which is not carried"));
                }
            }
            (Err(ours), Ok(_)) => {
                let problems: Vec<String> = ours.problems.iter().map(ToString::to_string).collect();
                self.differences.push(format!("{case}: apt installs it, we say {}", problems.join("; ")));
            }
            // It gives up before it has tried everything; of the closure alone, where there is less to choose from, it
            // has found the way.
            (Ok(_), Err(_)) => self.found_alone += 1,
            (Err(_), Err(_)) => self.refused_by_both += 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.agreed += other.agreed;
        self.carried += other.carried;
        self.installed += other.installed;
        self.refused_by_both += other.refused_by_both;
        self.found_alone += other.found_alone;
        self.differences.extend(other.differences);
    }

    fn print(&self) {
        println!(
            "agreed {}, refused by both {}, by apt of the whole archive {}, different {}; carried {} where apt installs {}",
            self.agreed,
            self.refused_by_both,
            self.found_alone,
            self.differences.len(),
            self.carried,
            self.installed
        );
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

fn requests(packages: &[String], recommends: bool) -> Vec<Request> {
    let request = |package: &String| Request {
        component: "test".to_owned(),
        package: package.parse().unwrap(),
        architecture: None,
        version: None,
        recommends,
    };
    packages.iter().map(request).collect()
}

fn carried(universe: &Universe<'_>, closure: &Closure) -> BTreeSet<Installed> {
    let packages = closure.packages.iter().map(|chosen| universe.package_of(chosen.version));
    let names =
        |package: Package<'_>| (package.name.to_owned(), package.version.to_owned(), package.architecture.to_owned());
    packages.map(names).collect()
}

/// What apt says of a bundle that has the closure.
fn prove_alone(universe: &Universe<'_>, base: &Base, closure: &Closure) -> Result<(), String> {
    let stanza = |version| format!("{}\n\n", String::from_utf8_lossy(universe.stanza(version)).trim_end());
    let index: String = closure.packages.iter().map(|chosen| stanza(chosen.version)).collect();
    let wanted = |version| {
        let Package { name, architecture, version, .. } = universe.package_of(version);
        (name.to_owned(), architecture.to_owned(), version.to_owned())
    };
    let wanted = closure.wanted.iter().map(|one| (wanted(one.version), one.recommends));
    let wanted: Vec<WantedPackage> = wanted
        .map(|((name, architecture, version), recommends)| WantedPackage { name, architecture, version, recommends })
        .collect();
    let (profile, native) = (&base.profile, universe.native());
    let subject = Subject { profile, native, foreign: &[], index: &index, wanted: &wanted };
    prove(&subject).map(drop).map_err(|error| error.to_string())
}

/// The names that can be asked for, sorted.
fn installable(archive: &Archive) -> Vec<String> {
    let mut names = BTreeSet::new();
    for (_, text) in &archive.lists {
        for stanza in Stanzas::new(text) {
            names.insert(Package::parse(&stanza.unwrap()).unwrap().name.to_owned());
        }
    }
    names.into_iter().collect()
}

/// The bases: nothing but the essential, newest and older than anything, this machine, and the essential with some
/// libraries that are older and with some that are newer.
fn bases(universe: &Universe<'_>) -> Vec<Base> {
    let [essential, earlier] = Profile::essential(universe).unwrap();
    let machine = std::fs::read("/var/lib/dpkg/status").unwrap();
    let skewed = |name: &str, change: fn(&str) -> String| {
        let status = with_libraries(essential.status(), change);
        Profile::from_status(name, status).unwrap()
    };
    let older = skewed("older", |version| format!("{version}~older"));
    let newer = skewed("newer", |version| format!("{version}+newer"));
    let machine = Profile::from_status("machine", machine).unwrap();
    let base = |profile: Profile| Base { apt: Apt::new(profile.status(), &[]), profile };
    [essential, earlier, machine, older, newer].into_iter().map(base).collect()
}

/// The status with other versions of every third library; who asks for exactly one of them gets the other.
fn with_libraries(status: &[u8], change: fn(&str) -> String) -> Vec<u8> {
    let text = std::str::from_utf8(status).unwrap();
    let mut changed = text.to_owned();
    let libraries = Stanzas::new(status).map(|stanza| Package::parse(&stanza.unwrap()).unwrap());
    for library in libraries.filter(|package| package.multi_arch == MultiArch::Same).step_by(3) {
        let version = change(library.version);
        let own = format!("\nVersion: {}\n", library.version);
        let start = changed.find(&format!("Package: {}\n", library.name)).unwrap();
        let at = start + changed[start..].find(&own).unwrap();
        changed.replace_range(at..at + own.len(), &format!("\nVersion: {version}\n"));
        changed = changed
            .replace(&format!("{} (= {})", library.name, library.version), &format!("{} (= {version})", library.name));
    }
    changed.into_bytes()
}
