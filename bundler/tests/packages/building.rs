//! Whole builds by the command, from archives on the loopback interface; apt-get proves each.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use manifests::bundle::UnverifiedBundle;
use manifests::document::Packages;
use manifests::oci::Manifest;

use crate::archive::{Archive, Deb, run};
use crate::server::Server;

/// A folder with a stack, and the command run in it.
pub struct Bench {
    folder: tempfile::TempDir,
}

/// How a build ended: whether it succeeded, and what a person sees.
pub struct Ended {
    pub success: bool,
    pub shown: String,
}

impl Bench {
    /// A stack whose system `stable` has these repositories (each the lines of an item), and asks for these packages.
    pub fn new(repositories: &[String], packages: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let items: String =
            repositories.iter().map(|lines| format!("      - {}\n", lines.replace('\n', "\n        "))).collect();
        let stack = format!(
            "apiVersion: airgap/v1\nkind: Stack\nname: demo\nversion: 1.0.0\ncreated: 2026-11-21\nsystems:\n  \
             - series: stable\n    architectures: [amd64]\n    repositories:\n{items}packages:\n{packages}"
        );
        fs::write(folder.path().join("stack.yaml"), stack).unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn change_stack(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("stack.yaml")).unwrap();
        assert!(text.contains(from));
        fs::write(self.path("stack.yaml"), text.replace(from, to)).unwrap();
    }

    /// Runs the command in the folder, which is also its home.
    pub async fn run(&self, arguments: &str) -> Ended {
        self.run_with(arguments, |_| ()).await
    }

    pub async fn run_with(&self, arguments: &str, change: impl FnOnce(&mut Command)) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_airgap-bundle"));
        command.current_dir(self.folder.path()).env("HOME", self.folder.path());
        for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NETRC"] {
            command.env_remove(name);
        }
        command.args(arguments.split(' '));
        change(&mut command);
        let output = tokio::process::Command::from(command).output().await.unwrap();
        let shown = [output.stdout, output.stderr].concat();
        Ended { success: output.status.success(), shown: String::from_utf8(shown).unwrap() }
    }

    /// Builds `demo.tar.zst`, and gives its packages.
    pub async fn build(&self) -> Packages {
        let ended = self.run("build stack.yaml -o demo.tar.zst --unsigned").await;
        assert!(ended.success, "{}", ended.shown);
        self.packages()
    }

    /// What a person sees of a build that fails.
    pub async fn refused(&self) -> String {
        let ended = self.run("build stack.yaml -o demo.tar.zst --unsigned").await;
        assert!(!ended.success, "{}", ended.shown);
        assert!(!self.path("demo.tar.zst").exists());
        ended.shown
    }

    pub fn packages(&self) -> Packages {
        let bundle = UnverifiedBundle::open(&[self.path("demo.tar.zst")]).unwrap();
        bundle.claimed().items[0].as_packages().unwrap().clone()
    }

    /// The content of a layer of the artifact, by its title.
    pub fn layer(&self, title: &str) -> Vec<u8> {
        let bundle = UnverifiedBundle::open(&[self.path("demo.tar.zst")]).unwrap();
        let digest = bundle.document_digest();
        let bundle = bundle.verify_pinned(&digest).unwrap();
        let manifest = bundle.read_to_vec(&self.packages().descriptor.digest, 1 << 20).unwrap();
        let manifest: Manifest = serde_json::from_slice(&manifest).unwrap();
        let is_it = |layer: &&manifests::oci::Descriptor| layer.annotations["org.opencontainers.image.title"] == title;
        let layer = manifest.layers.iter().find(is_it).unwrap_or_else(|| panic!("there is no {title}"));
        bundle.read_to_vec(&layer.digest, 1 << 20).unwrap()
    }
}

/// The lines of a repository, whose key is written beside the stack by [`with_key`].
pub fn repository(server: &Server, suites: &str) -> String {
    format!("url: {}\nsuites: [{suites}]\ncomponents: [main]\nkey: archive.gpg", server.url("/debian"))
}

/// Puts the archive's key where the stack names it.
pub fn with_key(bench: Bench, archive: &Archive) -> Bench {
    fs::write(bench.path("archive.gpg"), archive.gpg.keyring(&["archive"])).unwrap();
    bench
}

pub fn names(packages: &Packages) -> Vec<String> {
    packages.packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect()
}

fn shop() -> Archive {
    let archive = Archive::new();
    archive.add(&Deb::new("shop", "2:1.0-1").with("Depends: libshop (>= 1.0), shop-data"));
    archive.add(&Deb::new("libshop", "1.0-1").with("Recommends: games"));
    archive.add(&Deb::new("shop-data", "1.0+b1").on("all"));
    archive.add(&Deb::new("games", "1.0"));
    archive.publish("stable");
    archive
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_carries_the_closure_and_nothing_else_with_the_same_bytes_each_time() {
    let archive = shop();
    let server = archive.serve().await;
    let bench = with_key(Bench::new(&[repository(&server, "stable")], "  - shop\n"), &archive);
    let packages = bench.build().await;
    assert_eq!(names(&packages), ["libshop 1.0-1", "shop 2:1.0-1", "shop-data 1.0+b1"]);
    assert_eq!(packages.packages[1].path, "pool/main/s/shop/shop_1.0-1_amd64.deb");
    assert_eq!(packages.wanted.len(), 1);
    assert_eq!((packages.wanted[0].package.as_str(), packages.wanted[0].version.as_str()), ("shop", "2:1.0-1"));
    assert_eq!(packages.unproved, None);
    let deb = bench.layer("pool/main/s/shop-data/shop-data_1.0+b1_all.deb");
    assert_eq!(deb, fs::read(archive.path("pool/main/s/shop-data/shop-data_1.0+b1_all.deb")).unwrap());
    let signed = bench.layer("provenance/0/stable/InRelease");
    assert_eq!(signed, fs::read(archive.path("dists/stable/InRelease")).unwrap());
    let listed = bench.run("list demo.tar.zst --files").await.shown;
    assert!(listed.contains("amd64: 3 packages for 1 that are wanted\n"), "{listed}");
    assert!(listed.contains("shop 2:1.0-1 amd64") && listed.contains("wanted by demo"), "{listed}");

    let first = fs::read(bench.path("demo.tar.zst")).unwrap();
    fs::remove_file(bench.path("demo.tar.zst")).unwrap();
    bench.build().await;
    assert_eq!(fs::read(bench.path("demo.tar.zst")).unwrap(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recommended_comes_where_it_is_asked_for_and_diff_shows_it() {
    let archive = shop();
    let server = archive.serve().await;
    let bench = with_key(Bench::new(&[repository(&server, "stable")], "  - shop\n"), &archive);
    bench.build().await;
    fs::rename(bench.path("demo.tar.zst"), bench.path("before.tar.zst")).unwrap();
    bench.change_stack("  - shop\n", "  - package: shop\n    recommends: true\n");
    let packages = bench.build().await;
    assert_eq!(names(&packages), ["games 1.0", "libshop 1.0-1", "shop 2:1.0-1", "shop-data 1.0+b1"]);
    assert!(packages.wanted[0].recommends);
    let shown = bench.run("diff before.tar.zst demo.tar.zst").await.shown;
    assert!(shown.contains("+  package   stable/games amd64"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_dependency_is_explained_by_who_wants_what() {
    let archive = shop();
    fs::remove_dir_all(archive.path("pool/main/s/shop-data")).unwrap();
    archive.publish("stable");
    let server = archive.serve().await;
    let bench = with_key(Bench::new(&[repository(&server, "stable")], "  - shop\n  - missing\n"), &archive);
    let shown = bench.refused().await;
    assert!(shown.contains("the packages for `stable` on amd64 can't be completed"), "{shown}");
    assert!(
        shown.contains("component `demo` asks for package `missing`, which none of the repositories has"),
        "{shown}"
    );

    bench.change_stack("  - missing\n", "");
    let shown = bench.refused().await;
    assert!(shown.contains("shop-data") && shown.contains("demo"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_party_that_breaks_the_archives_version_is_explained() {
    let archive = shop();
    let vendor = Archive::new();
    let deb = vendor.add(&Deb::new("database", "16.1").with("Breaks: libshop (<< 2)"));
    fs::create_dir_all(vendor.path("conf")).unwrap();
    let key = vendor.gpg.fingerprint("archive");
    let distributions = format!("Codename: stable\nArchitectures: amd64\nComponents: main\nSignWith: {key}\n");
    fs::write(vendor.path("conf/distributions"), distributions).unwrap();
    let mut reprepro = Command::new("reprepro");
    reprepro.env("GNUPGHOME", vendor.gpg.home()).arg("--silent").arg("-b").arg(vendor.path(""));
    run(reprepro.args(["includedeb", "stable"]).arg(deb));
    let (server, other) = (archive.serve().await, vendor.serve().await);
    let of_vendor = repository(&other, "stable").replace("archive.gpg", "vendor.gpg");
    let repositories = [repository(&server, "stable"), of_vendor];
    let bench = with_key(Bench::new(&repositories, "  - database\n"), &archive);
    fs::write(bench.path("vendor.gpg"), vendor.gpg.keyring(&["archive"])).unwrap();
    assert_eq!(names(&bench.build().await), ["database 16.1"]);
    fs::remove_file(bench.path("demo.tar.zst")).unwrap();

    bench.change_stack("  - database\n", "  - database\n  - shop\n");
    let shown = bench.refused().await;
    assert!(shown.contains("database") && shown.contains("libshop") && shown.contains("shop"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_is_not_what_its_index_says_stops_the_build() {
    let archive = shop();
    let server = archive.serve().await;
    archive.tamper("pool/main/s/shop/shop_1.0-1_amd64.deb");
    let bench = with_key(Bench::new(&[repository(&server, "stable")], "  - shop\n"), &archive);
    let shown = bench.refused().await;
    assert!(shown.contains("shop_1.0-1_amd64.deb does not hold what it should"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_is_replaced_before_it_is_fetched_is_looked_up_again() {
    let archive = Arc::new(shop());
    let replaced = Arc::clone(&archive);
    let done = AtomicBool::new(false);
    let server = archive
        .serve_with(move |request, _| {
            if request.path().ends_with("/shop_1.0-1_amd64.deb") && !done.swap(true, Ordering::SeqCst) {
                fs::remove_file(replaced.path("pool/main/s/shop/shop_1.0-1_amd64.deb")).unwrap();
                replaced.add(&Deb::new("shop", "2:1.0-2").with("Depends: libshop (>= 1.0), shop-data"));
                replaced.publish("stable");
            }
            None
        })
        .await;
    let bench = with_key(Bench::new(&[repository(&server, "stable")], "  - shop\n"), &archive);
    assert!(names(&bench.build().await).contains(&"shop 2:1.0-2".to_owned()));
    // What stays away is told.
    fs::remove_file(bench.path("demo.tar.zst")).unwrap();
    fs::remove_file(archive.path("pool/main/s/shop/shop_1.0-2_amd64.deb")).unwrap();
    let shown = bench.refused().await;
    assert!(shown.contains("shop_1.0-2_amd64.deb answered 404"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pockets_as_ubuntu_has_them_are_one_archive() {
    let archive = Archive::new();
    archive.add(&Deb::new("shop", "1.0-0ubuntu1").with("Depends: libshop"));
    archive.add(&Deb::new("libshop", "1.0-0ubuntu1"));
    archive.publish("noble");
    archive.add(&Deb::new("libshop", "1.0-0ubuntu1.1"));
    archive.index("noble-updates", &["amd64"], |text| {
        text.replace("Package: libshop\n", "Package: libshop\nPhased-Update-Percentage: 0\n")
    });
    // What stock installations ask for, and we don't: it need not even be there.
    for list in ["cnf/Commands-amd64", "dep11/Components-amd64.yml", "i18n/Translation-en"] {
        let path = archive.path(&format!("dists/noble-updates/main/{list}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "listed\n").unwrap();
    }
    archive.release("noble-updates", "");
    archive.sign("noble-updates");
    for list in ["cnf", "dep11", "i18n"] {
        fs::remove_dir_all(archive.path(&format!("dists/noble-updates/main/{list}"))).unwrap();
    }
    archive.index("noble-security", &["amd64"], |_| String::new());
    archive.release("noble-security", "");
    archive.sign("noble-security");
    let server = archive.serve().await;
    let suites = "noble, noble-updates, noble-security";
    let bench = with_key(Bench::new(&[repository(&server, suites)], "  - shop\n"), &archive);
    bench.change_stack("series: stable", "series: noble");
    // A node that has the older version: apt on it would hold back what is phased, were it told.
    let packages = bench.build().await;
    assert_eq!(names(&packages), ["libshop 1.0-0ubuntu1.1", "shop 1.0-0ubuntu1"]);
    let index = String::from_utf8(bench.layer("dists/noble/main/binary-amd64/Packages")).unwrap();
    assert!(index.contains("Package: libshop\n") && !index.contains("Phased"), "{index}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_apt_a_build_needs_a_reason_which_everybody_sees() {
    let archive = shop();
    let server = archive.serve().await;
    let bench = with_key(Bench::new(&[repository(&server, "stable")], "  - shop\n"), &archive);
    let no_apt = |command: &mut Command| {
        command.env("PATH", "/nowhere");
    };
    let build = "build stack.yaml -o demo.tar.zst --unsigned";
    let ended = bench.run_with(build, no_apt).await;
    assert!(!ended.success && ended.shown.contains("--without-apt-proof"), "{}", ended.shown);
    let ended = bench.run_with(&format!("{build} --without-apt-proof no-apt-here"), no_apt).await;
    assert!(ended.success, "{}", ended.shown);
    assert!(ended.shown.contains("NOT PROVED: apt was not asked"), "{}", ended.shown);
    assert_eq!(bench.packages().unproved.as_deref(), Some("no-apt-here"));
    let listed = bench.run("list demo.tar.zst").await.shown;
    assert!(listed.contains("NOT PROVED with apt"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_architectures_share_what_is_for_all_and_a_profile_spares_what_nodes_have() {
    let archive = Archive::new();
    for architecture in ["amd64", "arm64"] {
        archive.add(&Deb::new("shop", "1.0").with("Depends: libshop, shop-data").on(architecture));
        archive.add(&Deb::new("libshop", "1.0").on(architecture));
    }
    archive.add(&Deb::new("shop-data", "1.0").on("all"));
    archive.index("stable", &["amd64", "arm64"], |text| text);
    archive.release("stable", "");
    archive.sign("stable");
    let server = archive.serve().await;
    let bench = with_key(Bench::new(&[repository(&server, "stable")], "  - shop\n"), &archive);
    bench.change_stack("[amd64]", "[amd64, arm64]");
    let packages = bench.build().await;
    assert_eq!(names(&packages).len(), 5, "{:?}", names(&packages));
    for architecture in ["amd64", "arm64"] {
        let index =
            String::from_utf8(bench.layer(&format!("dists/stable/main/binary-{architecture}/Packages"))).unwrap();
        assert_eq!(index.matches("Package: ").count(), 3, "{index}");
    }
    fs::remove_file(bench.path("demo.tar.zst")).unwrap();

    let installed =
        |name: &str| format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n");
    fs::write(bench.path("status"), [installed("dpkg"), installed("libshop")].join("\n")).unwrap();
    let ended = bench.run("profile from-status status -o node.status").await;
    assert!(ended.success, "{}", ended.shown);
    bench.change_stack("[amd64, arm64]", "[amd64, arm64]\n    base: [node.status]");
    let shown = bench.refused().await;
    assert!(shown.contains("none of the profiles of `stable` is from a node of arm64"), "{shown}");
    bench.change_stack("[amd64, arm64]", "[amd64]");
    let packages = bench.build().await;
    assert_eq!(names(&packages), ["shop 1.0", "shop-data 1.0"]);
    assert_eq!(packages.profiles, ["node"]);
}
