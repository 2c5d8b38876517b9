//! What an installation will do, as data: the state of the site, the bundle and the options make a list of steps with
//! their reasons. `plan` prints it, the engine runs it.

use std::net::SocketAddr;
use std::path::PathBuf;

use manifests::{BundleName, Digest};
use registry::store::BelowFloor;
use semver::Version;
use serde::Serialize;

use crate::event::{BundleId, StepId};
use crate::place::Method;

/// What the site is now, as far as a plan depends on it.
#[derive(Debug, Clone, Default)]
pub struct SiteState {
    /// The generations, in the order of their numbers.
    pub generations: Vec<Held>,
    /// The highest version of this bundle's name that was ever held, as it is remembered.
    pub floor: Option<Version>,
    /// The highest version of it that is held now: a run that was killed may not have remembered it yet.
    pub newest: Option<Version>,
    /// The number that the next generation gets.
    pub next_generation: u32,
    /// What is there of certificates and credentials, against what is asked for: what is missing, or nothing.
    pub identity_lacks: Option<String>,
    /// The same of the server.
    pub server_lacks: Option<String>,
    /// Where our own server listens now: those ports are not in anybody's way.
    pub listens: Vec<SocketAddr>,
}

/// A generation at the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// Its number.
    pub generation: u32,
    /// The bundle that it is.
    #[serde(flatten)]
    pub bundle: BundleId,
    /// Whether the archive stayed where it was.
    pub in_place: bool,
    /// Whether its files are there: those of a bundle in place may be gone.
    pub usable: bool,
}

/// The bundle at hand, as far as a plan depends on it.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Which.
    pub bundle: BundleId,
    /// Its name.
    pub name: BundleName,
    /// Its version.
    pub version: Version,
    /// The size of the archive in bytes, over all volumes.
    pub size: u64,
    /// The bytes that an earlier, broken run left in place.
    pub present: u64,
    /// How the archive gets into the store.
    pub method: Method,
    /// What the server will read, wherever it lies.
    pub public: Vec<PathBuf>,
    /// The bytes of the git repositories in it, which the server unpacks beside it.
    pub repositories: u64,
}

/// What somebody asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Accept a version below the floor.
    pub allow_downgrade: bool,
    /// How to serve.
    pub serve: ServeAs,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where to serve packages over plain HTTP besides.
    pub plain_packages: Option<SocketAddr>,
}

/// How the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServeAs {
    /// As a systemd unit.
    Unit,
    /// In this process, until it is stopped.
    Foreground,
    /// Not at all.
    Nothing,
}

/// The steps, in their order.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The bundle that it is about.
    pub bundle: BundleId,
    /// The generation that the bundle is, or will be.
    pub generation: u32,
    /// What will be done.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// Which.
    pub id: StepId,
    /// What it does.
    pub title: String,
    /// Whether there is anything to do.
    pub needed: bool,
    /// Why, or why not.
    pub reason: String,
    /// What to do.
    pub action: Action,
}

/// What a step does.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Action {
    /// Look whether the rest can work.
    #[serde(rename_all = "camelCase")]
    Preflight {
        /// Bytes that will be written to the state directory's file system.
        room: u64,
        /// The port that has to be free.
        #[serde(skip_serializing_if = "Option::is_none")]
        listen: Option<SocketAddr>,
        /// The port for packages over plain HTTP that has to be free.
        #[serde(skip_serializing_if = "Option::is_none")]
        plain_packages: Option<SocketAddr>,
        /// What the server's own user has to be able to read.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        public: Vec<PathBuf>,
        /// Whether the server needs this machine's git.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        git: bool,
    },
    /// Take the bundle in.
    Import {
        /// Under this number.
        generation: u32,
        /// The way its bytes take.
        method: Method,
        /// The archive's bytes.
        bytes: u64,
    },
    /// Accept nothing older from here on.
    RaiseFloor {
        /// Of this name.
        name: BundleName,
        /// Than this.
        version: Version,
    },
    /// Make what is missing of certificates and credentials.
    Identity,
    /// Run the server.
    Serve {
        /// How.
        how: ServeAs,
        /// Where.
        listen: SocketAddr,
    },
}

/// What the archive needs beside its own bytes: documents, receipts, file system overhead.
const ROOM_BESIDE: u64 = 16 << 20;

impl Plan {
    /// The plan that brings `site` to serving `offer`.
    ///
    /// # Errors
    /// [`BelowFloor`] when the site has held a newer version and `options` don't allow to go back.
    pub fn between(site: &SiteState, offer: &Offer, options: &Options) -> Result<Self, BelowFloor> {
        // Of one name the newest generation is served: an older one that is held is not what was asked for.
        let held = site.holds(&offer.bundle.digest).filter(|held| site.serves(held));
        if held.is_none() && !options.allow_downgrade {
            site.admit(offer)?;
        }
        let generation = held.map_or(site.next_generation, |held| held.generation);
        let mut steps =
            vec![import(site, held, generation, offer), floor(site, offer), identity(site), serve(site, options)];
        if options.serve == ServeAs::Nothing {
            steps.retain(|step| !matches!(step.id, StepId::Identity | StepId::Serve));
        }
        let preflight = preflight(site, &steps, offer, options);
        steps.insert(0, preflight);
        Ok(Self { bundle: offer.bundle.clone(), generation, steps })
    }

    /// What has to hold before anything is changed.
    pub fn preflight(&self) -> Option<&Action> {
        let found = self.steps.iter().find(|step| step.id == StepId::Preflight && step.needed);
        found.map(|step| &step.action)
    }

    /// Whether anything will change.
    pub fn changes_anything(&self) -> bool {
        self.steps.iter().any(|step| step.needed && step.id != StepId::Preflight)
    }
}

impl SiteState {
    /// The generation that is the bundle with this document digest, if it can be used.
    pub fn holds(&self, digest: &Digest) -> Option<&Held> {
        self.generations.iter().find(|held| held.usable && held.bundle.digest == *digest)
    }

    /// A generation is to be replaced: it is none to go by.
    pub fn distrust(&mut self, generation: u32) {
        let replaced = self.generations.iter_mut().filter(|held| held.generation == generation);
        replaced.for_each(|held| held.usable = false);
    }

    /// Whether a generation is what clients get under its bundle's name: no later one has the same name.
    fn serves(&self, held: &Held) -> bool {
        let later = |other: &&Held| other.usable && other.generation > held.generation;
        !self.generations.iter().filter(later).any(|other| other.bundle.name == held.bundle.name)
    }

    fn admit(&self, offer: &Offer) -> Result<(), BelowFloor> {
        let (name, version) = (offer.name.clone(), offer.version.clone());
        match self.floor.as_ref().max(self.newest.as_ref()) {
            Some(floor) if *floor > version => Err(BelowFloor { name, version, floor: floor.clone() }),
            _ => Ok(()),
        }
    }
}

fn preflight(site: &SiteState, steps: &[Step], offer: &Offer, options: &Options) -> Step {
    let needed = |id| steps.iter().any(|step| step.id == id && step.needed);
    let copied = if offer.method.needs_room() { offer.size.saturating_sub(offer.present) } else { 0 };
    let room = if needed(StepId::Import) { copied + offer.repositories + ROOM_BESIDE } else { 0 };
    let taken_anew = |address: &SocketAddr| needed(StepId::Serve) && !site.listens.contains(address);
    let listen = Some(options.listen).filter(taken_anew);
    let plain_packages = options.plain_packages.filter(taken_anew);
    let public = if options.serve == ServeAs::Unit { offer.public.clone() } else { Vec::new() };
    let any = steps.iter().any(|step| step.needed);
    let git = any && offer.repositories > 0 && options.serve != ServeAs::Nothing;
    Step {
        id: StepId::Preflight,
        title: "Check room, permissions and ports".into(),
        needed: any,
        reason: if any { "before anything is changed" } else { "nothing will be changed" }.into(),
        action: Action::Preflight { room, listen, plain_packages, public, git },
    }
}

fn import(site: &SiteState, held: Option<&Held>, generation: u32, offer: &Offer) -> Step {
    let BundleId { name, version, .. } = &offer.bundle;
    let method = offer.method;
    let reason = match held {
        Some(held) => format!("already there as generation {}", held.generation),
        None if method == Method::InPlace => "asked to serve it from where it lies".into(),
        None => {
            let replaced = site.generations.iter().find(|held| held.bundle.digest == offer.bundle.digest);
            let so_far = match replaced {
                Some(Held { in_place: true, .. }) => "served from its medium so far",
                Some(_) => "what is held of it can't be served",
                None => "not there yet",
            };
            format!("{so_far}; the archive is {}", method.describe())
        }
    };
    Step {
        id: StepId::Import,
        title: format!("Check every byte of {name} {version} and keep it as generation {generation}"),
        needed: held.is_none(),
        reason,
        action: Action::Import { generation, method, bytes: offer.size },
    }
}

fn floor(site: &SiteState, offer: &Offer) -> Step {
    let BundleId { name, .. } = &offer.bundle;
    let version = &offer.version;
    let (needed, reason) = match &site.floor {
        Some(floor) if floor >= version => (false, format!("the floor is {floor} already")),
        Some(floor) => (true, format!("the floor is {floor}")),
        None => (true, format!("the first {name} here")),
    };
    Step {
        id: StepId::Floor,
        title: format!("Accept no {name} older than {version} from now on"),
        needed,
        reason,
        action: Action::RaiseFloor { name: offer.name.clone(), version: version.clone() },
    }
}

fn identity(site: &SiteState) -> Step {
    Step {
        id: StepId::Identity,
        title: "Make the site's certificates and credentials".into(),
        needed: site.identity_lacks.is_some(),
        reason: site.identity_lacks.clone().unwrap_or_else(|| "already there".into()),
        action: Action::Identity,
    }
}

fn serve(site: &SiteState, options: &Options) -> Step {
    let title = match options.serve {
        ServeAs::Unit => format!("Run the server as a systemd unit on {}", options.listen),
        ServeAs::Foreground | ServeAs::Nothing => format!("Serve on {} until stopped", options.listen),
    };
    Step {
        id: StepId::Serve,
        title,
        needed: site.server_lacks.is_some(),
        reason: site.server_lacks.clone().unwrap_or_else(|| "already running".into()),
        action: Action::Serve { how: options.serve, listen: options.listen },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn offer(version: &str) -> Offer {
        let digest = Digest::of(version.as_bytes());
        let bundle = BundleId { name: "platform".into(), version: version.into(), digest };
        let (name, version) = ("platform".parse().unwrap(), version.parse().unwrap());
        Offer {
            bundle,
            name,
            version,
            size: 1 << 30,
            present: 0,
            method: Method::Copy,
            public: vec![],
            repositories: 0,
        }
    }

    fn options() -> Options {
        let listen = ([127, 0, 0, 1], 5000).into();
        Options { allow_downgrade: false, serve: ServeAs::Foreground, listen, plain_packages: None }
    }

    fn fresh() -> SiteState {
        SiteState {
            next_generation: 1,
            identity_lacks: Some("the first run".into()),
            server_lacks: Some("not running".into()),
            ..SiteState::default()
        }
    }

    fn holding(version: &str) -> SiteState {
        let floor = Some(version.parse().unwrap());
        let held = Held { generation: 1, bundle: offer(version).bundle, in_place: false, usable: true };
        SiteState { generations: vec![held], floor, next_generation: 2, ..SiteState::default() }
    }

    fn needed(plan: &Plan) -> Vec<StepId> {
        plan.steps.iter().filter(|step| step.needed).map(|step| step.id).collect()
    }

    #[test]
    fn a_fresh_site_needs_everything_and_room_for_a_copy() {
        let plan = Plan::between(&fresh(), &offer("1.0.0"), &options()).unwrap();
        assert_eq!(needed(&plan), [StepId::Preflight, StepId::Import, StepId::Floor, StepId::Identity, StepId::Serve]);
        assert!(matches!(plan.steps[0].action, Action::Preflight { room, .. } if room == (1 << 30) + ROOM_BESIDE));
    }

    #[test]
    fn git_repositories_need_git_and_room_to_be_unpacked_where_they_are_served() {
        let with_git = Offer { repositories: 7, method: Method::InPlace, ..offer("1.0.0") };
        let plan = Plan::between(&fresh(), &with_git, &options()).unwrap();
        let Action::Preflight { room, git, .. } = plan.steps[0].action else { panic!("{plan:?}") };
        assert_eq!((room, git), (ROOM_BESIDE + 7, true));
        let unserved = Options { serve: ServeAs::Nothing, ..options() };
        let plan = Plan::between(&fresh(), &with_git, &unserved).unwrap();
        assert!(matches!(plan.steps[0].action, Action::Preflight { git: false, .. }));
    }

    #[test]
    fn what_shares_its_blocks_or_stays_where_it_is_needs_no_room() {
        for method in [Method::InPlace, Method::Reflink, Method::Hardlink] {
            let plan = Plan::between(&fresh(), &Offer { method, ..offer("1.0.0") }, &options()).unwrap();
            assert!(matches!(plan.steps[0].action, Action::Preflight { room: ROOM_BESIDE, .. }), "{method:?}");
        }
    }

    #[test]
    fn ports_have_to_be_free_unless_our_own_server_has_them() {
        let [listen, plain] = [5000, 5080].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let options = Options { plain_packages: Some(plain), ..options() };
        for (own, expected) in [(vec![], (Some(listen), Some(plain))), (vec![listen], (None, Some(plain)))] {
            let plan = Plan::between(&SiteState { listens: own, ..fresh() }, &offer("1.0.0"), &options).unwrap();
            let Action::Preflight { listen, plain_packages, .. } = plan.steps[0].action else { panic!("{plan:?}") };
            assert_eq!((listen, plain_packages), expected);
        }
    }

    #[test]
    fn the_same_bundle_again_changes_nothing() {
        let mut site = holding("1.0.0");
        let plan = Plan::between(&site, &offer("1.0.0"), &options()).unwrap();
        assert!(!plan.changes_anything());
        assert_eq!(plan.generation, 1);
        // Killed between the import and the floor: that is made up for, and nothing older gets in meanwhile.
        (site.floor, site.newest) = (None, site.floor);
        let plan = Plan::between(&site, &offer("1.0.0"), &options()).unwrap();
        assert_eq!(needed(&plan), [StepId::Preflight, StepId::Floor]);
        assert!(Plan::between(&site, &offer("0.9.0"), &options()).is_err());
    }

    #[test]
    fn a_bundle_whose_files_are_gone_is_taken_in_again() {
        let mut site = holding("1.0.0");
        site.distrust(1);
        let plan = Plan::between(&site, &offer("1.0.0"), &options()).unwrap();
        assert_eq!((needed(&plan), plan.generation), (vec![StepId::Preflight, StepId::Import], 2));
    }

    #[test]
    fn the_next_version_is_the_next_generation_and_an_older_one_is_refused() {
        let plan = Plan::between(&holding("1.0.0"), &offer("1.1.0"), &options()).unwrap();
        assert_eq!(plan.generation, 2);
        assert_eq!(needed(&plan), [StepId::Preflight, StepId::Import, StepId::Floor]);
        let refused = Plan::between(&holding("1.0.0"), &offer("0.9.0"), &options()).unwrap_err();
        assert_eq!((refused.version.to_string(), refused.floor.to_string()), ("0.9.0".into(), "1.0.0".into()));
        let allowed = Options { allow_downgrade: true, ..options() };
        let plan = Plan::between(&holding("1.0.0"), &offer("0.9.0"), &allowed).unwrap();
        assert_eq!(needed(&plan), [StepId::Preflight, StepId::Import], "the floor stays where it is");
    }

    #[test]
    fn going_back_to_a_version_that_is_still_held_makes_it_the_newest_again() {
        let mut site = holding("1.1.0");
        site.generations.insert(0, Held { bundle: offer("1.0.0").bundle, ..site.generations[0].clone() });
        (site.generations[1].generation, site.next_generation) = (2, 3);
        assert!(Plan::between(&site, &offer("1.0.0"), &options()).is_err());
        let plan = Plan::between(&site, &offer("1.0.0"), &Options { allow_downgrade: true, ..options() }).unwrap();
        assert_eq!((needed(&plan), plan.generation), (vec![StepId::Preflight, StepId::Import], 3));
        assert!(!Plan::between(&site, &offer("1.1.0"), &options()).unwrap().changes_anything());
    }
}
