//! A repository that is carried whole: upstream's own signature, all the way to apt on a node.

use std::fs;
use std::path::{Path, PathBuf};

use airgap_tests::{Machine, Misbehaving, Profile, Site, codename, signer};

use super::debs::{self, Deb};
use super::{PLAIN, installed};

/// An archive made by Debian's tools, served on the loopback interface.
struct Archive {
    host: Machine,
    server: Misbehaving,
}

impl Archive {
    fn new() -> Self {
        let host = Machine::new().unwrap();
        let archive = Self { host, server: Misbehaving::start().unwrap() };
        archive.gpg(&["--passphrase", "", "--quick-generate-key", "archive@example.org", "ed25519", "sign", "never"]);
        archive
    }

    fn gpg(&self, words: &[&str]) -> String {
        let words = [&["--batch", "--yes", "--pinentry-mode", "loopback"], words].concat();
        self.host.run("gpg", &words).unwrap()
    }

    fn key(&self) -> String {
        self.gpg(&["--armor", "--export"])
    }

    /// Adds a package, writes the indexes anew and signs them. It expires at once, as far as a node is told, and lists more than it has.
    fn publish(&self, name: &str, deb: &Deb) {
        let (suite, own) = (codename().unwrap(), debs::architecture());
        self.host.write(format!("archive/pool/{name}.deb"), &deb.content).unwrap();
        let script = "set -e; cd archive; suite=dists/$1; rm -rf dists; mkdir -p $suite/main/binary-$2 $suite/main/binary-i386 \
            $suite/main/i18n; apt-ftparchive packages pool > $suite/main/binary-$2/Packages; \
            : > $suite/main/binary-i386/Packages; xz -k $suite/main/binary-$2/Packages; gzip -nk $suite/main/binary-$2/Packages; \
            for language in en de; do echo \"Package: none\" > $suite/main/i18n/Translation-$language; done; \
            option='-o APT::FTPArchive::Release'; \
            apt-ftparchive $option::Suite=$1 $option::Codename=$1 $option::Components=main \
            $option::Architectures=\"$2 i386\" $option::Acquire-By-Hash=yes $option::ValidTime=1 release $suite > Release; \
            mv Release $suite/; rm -r $suite/main/i18n/Translation-de $suite/main/binary-i386";
        self.host.run("sh", &["-c", &script.replace("\"$2 i386\"", "$2\\ i386"), "sh", &suite, &own]).unwrap();
        let at = |name: &str| self.host.path(format!("archive/dists/{suite}/{name}")).display().to_string();
        self.gpg(&["--output", &at("InRelease"), "--clearsign", &at("Release")]);
        let root = self.host.path("archive");
        for file in files(&root) {
            let path = format!("/{}", file.strip_prefix(&root).unwrap().display());
            self.server.put(&path, "application/octet-stream", &fs::read(&file).unwrap());
        }
    }

    /// Builds a bundle that mirrors it.
    fn build(&self, version: &str) -> PathBuf {
        let machine = &self.host;
        if !machine.path("ci").exists() {
            signer(machine, "ci", "allowed_signers").unwrap();
        }
        machine.write("archive.asc", self.key()).unwrap();
        let stack = format!(
            "apiVersion: airgap/v1\nkind: Stack\nname: mirrored\nversion: {version}\ncreated: 2026-01-01\nmirrors:\n  \
             - name: example\n    url: http://{}\n    suites: [{}]\n    components: [main]\n    architectures: [{}]\n    \
             key: archive.asc\n    allowExpired: true\n",
            self.server.address(),
            codename().unwrap(),
            debs::architecture(),
        );
        machine.write("stack.yaml", stack).unwrap();
        let file = format!("mirrored-{version}.tar.zst");
        machine.bundle(&["build", "stack.yaml", "-o", &file, "--key", "ci"]).unwrap().success().unwrap();
        machine.path(file)
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn airgap_packages(site: &Site, words: &[&str]) -> String {
    let state = site.state().display().to_string();
    site.jump().install(&[&["--state", &state, "packages"], words].concat()).unwrap().success().unwrap().stdout
}

#[test]
fn a_node_installs_from_a_mirror_by_upstreams_signature() {
    let archive = Archive::new();
    archive.publish("demo", &debs::make("demo", "1.0", ""));
    let first = archive.build("1.0.0");
    let mut site = Site::new(&archive.host.path("allowed_signers")).unwrap();
    let carried = site.carry(&first).unwrap();
    site.serve(&[&carried], &PLAIN).unwrap();
    let listed = airgap_packages(&site, &["list"]);
    assert!(listed.contains("mirror example of http://") && listed.contains(": 1 packages"), "{listed}");

    let node = site.gap().node(Profile::Minimal).unwrap();
    let source = airgap_packages(&site, &["sources", "--mirror", "example", "--latest"]);
    assert!(
        source.contains("/mirrors/latest/example\n") && source.contains("Architectures-Remove: i386\n"),
        "{source}"
    );
    node.shell("rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*").unwrap().success().unwrap();
    node.write("/etc/apt/sources.list.d/example.sources", &source).unwrap();
    // A foreign architecture and a language that upstream lists, and that are not carried.
    let more = "dpkg --add-architecture i386; echo 'Acquire::Languages { \"de\"; \"en\"; };' > /etc/apt/apt.conf.d/90languages";
    node.shell(more).unwrap().success().unwrap();
    node.run("apt-get", &["update", "--error-on=any"]).unwrap().success().unwrap();
    node.run("apt-get", &["install", "-y", "demo"]).unwrap().success().unwrap();
    assert_eq!(installed(&node, "demo").unwrap(), "1.0");

    // The next bundle: the same source has what is new.
    archive.publish("next", &debs::make("next", "2.0", ""));
    let carried = site.carry(&archive.build("2.0.0")).unwrap();
    site.import(&[&carried], &[]).unwrap().success().unwrap();
    node.shell("for i in $(seq 30); do apt-get update --error-on=any && apt-get install -y next && exit; sleep 1; done; exit 1")
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(installed(&node, "next").unwrap(), "2.0");

    // The signature is upstream's own: with another key nothing of it is believed.
    let other = Archive::new();
    other.publish("demo", &debs::make("demo", "1.0", ""));
    let key = |text: &str| {
        text.trim().lines().map(|l| format!(" {}\n", if l.is_empty() { "." } else { l })).collect::<String>()
    };
    let (head, _) = source.split_once("Signed-By:\n").unwrap();
    let forged = format!("{head}Signed-By:\n{}", key(&other.key()));
    node.write("/etc/apt/sources.list.d/example.sources", forged).unwrap();
    let refused = node.run("apt-get", &["update", "--error-on=any"]).unwrap().failure().unwrap();
    assert!(format!("{refused}").contains("NO_PUBKEY") || format!("{refused}").contains("not signed"), "{refused}");
    assert_eq!(site.gap().escaped().unwrap(), 0, "something tried to reach the outside");

    let folder = site.jump().path("plain");
    airgap_packages(&site, &["export", "--mirror", "example", &folder.display().to_string()]);
    let release = format!("dists/{}/InRelease", codename().unwrap());
    assert_eq!(
        fs::read(folder.join(&release)).unwrap(),
        fs::read(archive.host.path(format!("archive/{release}"))).unwrap(),
        "it is exported as upstream signed it"
    );
    node.power_off().unwrap();
}
