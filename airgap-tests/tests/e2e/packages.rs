//! Packages: from the site's server into nodes without a route out, by the script that the site prints.

mod debs;
mod essential;
mod in_transit;
mod interrupted;
mod mirrors;
mod on_nodes;
mod skewed_nodes;
mod two_stacks;
mod upkeep;

use airgap_tests::{Machine, Node, Outcome, Site, codename};
use manifests::fake::{self, FakeBundle};

use debs::Deb;

/// Where packages are served without TLS.
const PLAIN: [&str; 2] = ["--plain-packages", "0.0.0.0:5080"];

/// A bundle with these packages, of which a component wants some.
fn bundle(version: &str, debs: &[Deb], wanted: &[(&str, &str)]) -> FakeBundle {
    bundle_of("platform", version, debs, wanted)
}

/// The same of a stack with another name.
fn bundle_of(stack: &str, version: &str, debs: &[Deb], wanted: &[(&str, &str)]) -> FakeBundle {
    let packages: Vec<_> = debs.iter().map(|deb| (deb.control.as_str(), deb.content.as_slice())).collect();
    FakeBundle::new(stack, version).packages(&codename().unwrap(), &debs::architecture(), &packages, wanted)
}

/// A site that serves a bundle.
fn serve(bundle: &FakeBundle, options: &[&str]) -> Site {
    let courier = Machine::new().unwrap();
    let trust = courier.write("allowed_signers", fake::allowed_signers()).unwrap();
    let mut site = Site::new(&trust).unwrap();
    let file = site.carry(&bundle.write(&courier.path("platform.tar.zst"))).unwrap();
    site.serve(&[&file], options).unwrap();
    site
}

/// Imports another bundle beside a server that runs.
fn import(site: &Site, bundle: &FakeBundle) {
    let courier = Machine::new().unwrap();
    let file = site.carry(&bundle.write(&courier.path("next.tar.zst"))).unwrap();
    site.import(&[&file], &[]).unwrap().success().unwrap();
    std::fs::remove_file(file).unwrap();
}

/// What `airgap-install packages …` prints for the nodes of this release.
fn packages(site: &Site, words: &[&str]) -> String {
    let (state, series) = (site.state().display().to_string(), codename().unwrap());
    let words = [&["--state", &state, "packages"], words, &["--series", &series]].concat();
    site.jump().install(&words).unwrap().success().unwrap().stdout
}

/// Brings the script to a node.
fn carry_script(site: &Site, node: &Node) {
    node.write("/root/packages.sh", packages(site, &["install-script"])).unwrap();
}

/// Runs it there.
fn run_script(node: &Node, words: &[&str]) -> Outcome {
    node.run("sh", &[&["/root/packages.sh"], words].concat()).unwrap()
}

/// Whether a package is installed, and in which version.
fn installed(node: &Node, package: &str) -> Option<String> {
    let listing = node.run("dpkg-query", &["-W", "-f", "${db:Status-Status} ${Version}", package]).unwrap();
    listing.stdout.strip_prefix("installed ").map(str::to_owned)
}

/// Everything of a node that its administrators look after, with digests and times.
fn own_files(node: &Node) -> String {
    // What is never to be removed by itself is written there by some packages, PostgreSQL's for one.
    let listing = "find /etc/apt /var/lib/apt/lists /root -type f ! -name '*autoremove*' -printf '%p %T@ %m\\n' \
                   -exec sha256sum {} + | sort";
    node.shell(listing).unwrap().success().unwrap().stdout
}
