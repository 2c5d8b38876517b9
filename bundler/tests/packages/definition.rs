//! What a stack can say of packages, by whole builds: each is proved by real apt-get.

use std::fs;

use manifests::document::Packages;

use crate::archive::{Archive, Deb};
use crate::building::{Bench, names, repository, with_key};

fn hello() -> Archive {
    let archive = Archive::new();
    archive.add(&Deb::new("hello", "1.0"));
    archive.publish("stable");
    archive
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_may_stand_in_the_stack_itself() {
    let archive = hello();
    let server = archive.serve().await;
    let armoured = archive.gpg.armoured("archive").trim().replace('\n', "\n  ");
    let place = repository(&server, "stable").replace("key: archive.gpg", &format!("key: |\n  {armoured}"));
    let bench = Bench::new(&[place], "  - hello\n");
    assert_eq!(names(&bench.build().await), ["hello 1.0"]);
    // Another's key does not sign for it.
    let other = Archive::new().gpg.armoured("archive").trim().replace('\n', "\n  ");
    let place = repository(&server, "stable").replace("key: archive.gpg", &format!("key: |\n  {other}"));
    let shown = Bench::new(&[place], "  - hello\n").refused().await;
    assert!(shown.contains("no key of the keyring") || shown.contains("not signed by"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_read_in_the_place_of_the_archive() {
    let (before, today) = (hello(), Archive::new());
    today.add(&Deb::new("hello", "2.0"));
    today.publish("stable");
    let (snapshot, server) = (before.serve().await, today.serve().await);
    let place = format!("{}\nsnapshot: {}", repository(&server, "stable"), snapshot.url("/debian"));
    let bench = with_key(Bench::new(&[place], "  - hello\n"), &before);
    assert_eq!(names(&bench.build().await), ["hello 1.0"]);
    assert_eq!(server.received().len(), 0, "the archive of today is not asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_priority_decides_between_repositories() {
    let (archive, vendor) = (hello(), Archive::new());
    vendor.add(&Deb::new("hello", "9.0"));
    vendor.publish("stable");
    let (server, other) = (archive.serve().await, vendor.serve().await);
    let of_vendor = repository(&other, "stable").replace("archive.gpg", "vendor.gpg");
    let build = async |of_vendor: String| {
        let bench = with_key(Bench::new(&[repository(&server, "stable"), of_vendor], "  - hello\n"), &archive);
        fs::write(bench.path("vendor.gpg"), vendor.gpg.keyring(&["archive"])).unwrap();
        names(&bench.build().await)
    };
    assert_eq!(build(of_vendor.clone()).await, ["hello 9.0"]);
    assert_eq!(build(format!("{of_vendor}\npriority: 100")).await, ["hello 1.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_named_after_a_kernel_is_carried_for_each() {
    let archive = Archive::new();
    for kernel in ["6.1.0-28-amd64", "6.1.0-30-amd64", "6.1.0-31-amd64"] {
        archive.add(&Deb::new(&format!("linux-modules-extra-{kernel}"), "6.1"));
    }
    archive.publish("stable");
    let server = archive.serve().await;
    let wanted = "  - linux-modules-extra-{kernel}\n";
    let bench = with_key(Bench::new(&[repository(&server, "stable")], wanted), &archive);
    let shown = bench.refused().await;
    assert!(shown.contains("needs to know the kernels of `stable`"), "{shown}");
    bench.change_stack("[amd64]\n", "[amd64]\n    kernels: [6.1.0-28-amd64, 6.1.0-31-amd64]\n");
    let carried = ["linux-modules-extra-6.1.0-28-amd64 6.1", "linux-modules-extra-6.1.0-31-amd64 6.1"];
    assert_eq!(names(&bench.build().await), carried);
    // One that the archive does not have would be missed at the site.
    bench.change_stack("6.1.0-31-amd64]", "6.1.0-99-amd64]");
    fs::remove_file(bench.path("demo.tar.zst")).unwrap();
    let shown = bench.refused().await;
    assert!(shown.contains("linux-modules-extra-6.1.0-99-amd64"), "{shown}");
}

fn full_names(packages: &Packages) -> Vec<String> {
    packages.packages.iter().map(|package| format!("{}:{}", package.name, package.architecture)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_of_a_foreign_architecture_are_carried_with_what_they_need() {
    let archive = Archive::new();
    for architecture in ["amd64", "i386"] {
        archive.add(&Deb::new("libshop", "1.0").with("Multi-Arch: same").on(architecture));
    }
    archive.add(&Deb::new("game", "1.0").with("Depends: libshop").on("i386"));
    archive.index("stable", &["amd64", "i386"], |text| text);
    archive.release("stable", "Architectures: amd64 i386\n");
    archive.sign("stable");
    let server = archive.serve().await;
    let wanted = "  - libshop\n  - package: game\n    foreign: i386\n";
    let bench = with_key(Bench::new(&[repository(&server, "stable")], wanted), &archive);
    let shown = bench.refused().await;
    assert!(shown.contains("nodes of `stable` do not take packages of `i386`"), "{shown}");
    assert!(shown.contains("add `foreign: [i386]` to the system"), "{shown}");
    bench.change_stack("[amd64]\n", "[amd64]\n    foreign: [i386]\n");
    let packages = bench.build().await;
    assert_eq!(full_names(&packages), ["game:i386", "libshop:amd64", "libshop:i386"]);
    let wanted: Vec<String> = packages.wanted.iter().map(manifests::document::WantedPackage::full_name).collect();
    assert_eq!(wanted, ["libshop", "game:i386"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_with_packages_of_an_architecture_that_nobody_named_is_refused() {
    let archive = hello();
    let server = archive.serve().await;
    let bench = with_key(Bench::new(&[repository(&server, "stable")], "  - hello\n"), &archive);
    let installed = |name: &str, architecture: &str| {
        format!("Package: {name}\nStatus: install ok installed\nArchitecture: {architecture}\nVersion: 1.0\n")
    };
    fs::write(bench.path("status"), [installed("dpkg", "amd64"), installed("libold", "i386")].join("\n")).unwrap();
    bench.change_stack("[amd64]", "[amd64]\n    base: [status]");
    let shown = bench.refused().await;
    assert!(shown.contains("it has libold of the foreign architecture i386"), "{shown}");
    assert!(shown.contains("add `foreign: [i386]` to the system"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_that_is_nearly_that_of_a_system_is_no_other_stacks() {
    let archive = hello();
    let server = archive.serve().await;
    let bench = with_key(Bench::new(&[repository(&server, "stable")], "  - hello\n"), &archive);
    let component = |series: &str| {
        let text = format!(
            "apiVersion: airgap/v1\nkind: Component\nname: shop\npackages:\n  - package: missing\n    series: [{series}]\n"
        );
        fs::write(bench.path("shop.yaml"), text).unwrap();
    };
    bench.change_stack("systems:", "components: [./shop.yaml]\nsystems:");
    component("stabel");
    let shown = bench.refused().await;
    assert!(shown.contains("the stack has no system `stabel`") && shown.contains("did you mean `stable`?"), "{shown}");
    component("jammy");
    assert_eq!(names(&bench.build().await), ["hello 1.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_architecture_that_no_node_has_is_refused() {
    let archive = hello();
    let server = archive.serve().await;
    let asked = "  - package: hello\n    architectures: [arm64]\n";
    let bench = with_key(Bench::new(&[repository(&server, "stable")], asked), &archive);
    let shown = bench.refused().await;
    assert!(shown.contains("no node has the architecture arm64") && shown.contains("have amd64"), "{shown}");
    bench.change_stack("[arm64]", "[arm64, amd64]");
    assert_eq!(names(&bench.build().await), ["hello 1.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recommended_in_vain_and_a_version_that_there_is_not_are_told() {
    let archive = Archive::new();
    archive.add(&Deb::new("hello", "1.0").with("Recommends: nonesuch"));
    archive.publish("stable");
    let server = archive.serve().await;
    let asked = "  - package: hello\n    recommends: true\n";
    let bench = with_key(Bench::new(&[repository(&server, "stable")], asked), &archive);
    let ended = bench.run("build stack.yaml -o demo.tar.zst --unsigned").await;
    assert!(ended.success && ended.shown.contains("hello of `demo` recommends nonesuch"), "{}", ended.shown);
    fs::remove_file(bench.path("demo.tar.zst")).unwrap();
    bench.change_stack("recommends: true", "version: '2.0'");
    let shown = bench.refused().await;
    assert!(shown.contains("the repositories have 1.0") && shown.contains("`snapshot` of the repository"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_base_that_is_computed_is_two_profiles_whose_names_nobody_else_has() {
    let archive = hello();
    let server = archive.serve().await;
    let bench = with_key(Bench::new(&[repository(&server, "stable")], "  - hello\n"), &archive);
    assert_eq!(bench.build().await.profiles, ["essential", "essential-earlier"]);
    fs::remove_file(bench.path("demo.tar.zst")).unwrap();
    let base = "architectures: [amd64]\n    base: [essential, essential-earlier.status]";
    bench.change_stack("architectures: [amd64]", base);
    assert!(bench.refused().await.contains("two profiles are called `essential-earlier`"));
}
