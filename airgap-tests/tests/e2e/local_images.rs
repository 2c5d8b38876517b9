//! Images on disk, written by the tools that people write them with.

use std::fs;
use std::path::Path;

use airgap_tests::{Containerd, Machine};
use bundler::archives;
use bundler::content::{Origin, Resolved};
use bundler::resolve::stack::ResolvedImage;
use manifests::Digest;
use manifests::component::{ImageSource, LocalImage};
use manifests::yaml::{Location, SourceFile};

use crate::artifact::write_layout;

const NAME: &str = "quay.io/a/demo:1";

/// An image of two layers in the layout `layout`, under the tag `1`. Returns the digest of its manifest.
fn image(machine: &Machine) -> Digest {
    machine.run("umoci", &["init", "--layout", "layout"]).unwrap();
    machine.run("umoci", &["new", "--image", "layout:1"]).unwrap();
    for (name, content) in [("one", "first layer"), ("two", "second layer")] {
        let file = machine.write(name, content).unwrap().display().to_string();
        machine.run("umoci", &["insert", "--image", "layout:1", &file, &format!("/{name}")]).unwrap();
    }
    let manifest = machine.run("skopeo", &["inspect", "--raw", "oci:layout:1"]).unwrap();
    Digest::of(manifest.as_bytes())
}

fn resolve(path: &Path, source: fn(LocalImage) -> ImageSource) -> Resolved {
    let platform = std::env::consts::ARCH.replace("x86_64", "amd64").replace("aarch64", "arm64");
    let wanted = ResolvedImage {
        reference: NAME.parse().unwrap(),
        platforms: vec![format!("linux/{platform}").parse().unwrap()],
        attachments: true,
        source: source(LocalImage { path: path.to_owned(), name: None }),
        found: false,
        others: Vec::new(),
        component: "test".parse().unwrap(),
        location: Location::new(&SourceFile::new("component.yaml", ""), 0..0),
    };
    archives::resolve(&wanted).unwrap().unwrap()
}

fn root(resolved: &Resolved) -> Digest {
    resolved.item.descriptor().unwrap().digest
}

/// What a container of the image would see.
fn files(machine: &Machine, resolved: &Resolved, name: &str) -> [String; 2] {
    write_layout(resolved, &machine.path(name), "1");
    let (image, bundle) = (format!("{name}:1"), format!("{name}-unpacked"));
    machine.run("umoci", &["unpack", "--image", &image, &bundle]).unwrap();
    ["one", "two"].map(|file| fs::read_to_string(machine.path(&bundle).join("rootfs").join(file)).unwrap())
}

#[test]
fn layouts_and_their_archives_keep_the_digests() {
    let machine = Machine::new().unwrap();
    let digest = image(&machine);
    let folder = resolve(&machine.path("layout"), ImageSource::OciLayout);
    assert_eq!(root(&folder), digest);
    machine.run("skopeo", &["copy", "oci:layout:1", &format!("oci-archive:image.tar:{NAME}")]).unwrap();
    let archive = resolve(&machine.path("image.tar"), ImageSource::OciArchive);
    assert_eq!(root(&archive), digest);
    assert!(archive.blobs.iter().any(|blob| matches!(blob.origin, Origin::ArchiveMember { .. })), "read in place");
    assert_eq!(files(&machine, &archive, "out"), ["first layer", "second layer"]);
}

#[test]
fn an_archive_of_containerd_keeps_the_digests() {
    let containerd = Containerd::start(Machine::new().unwrap()).unwrap();
    let machine = containerd.machine();
    let digest = image(machine);
    machine.run("skopeo", &["copy", "oci:layout:1", &format!("oci-archive:image.tar:{NAME}")]).unwrap();
    let socket = machine.path("c.sock").display().to_string();
    let ctr =
        |arguments: &[&str]| machine.run("ctr", &[&["--address", &socket, "images"], arguments].concat()).unwrap();
    ctr(&["import", "--no-unpack", "image.tar"]);
    ctr(&["export", "exported.tar", NAME]);
    let members = machine.run("tar", &["-tf", "exported.tar"]).unwrap();
    assert!(members.contains("manifest.json"), "Docker could load it too: {members}");
    for source in [ImageSource::OciArchive, ImageSource::DockerArchive] {
        assert_eq!(root(&resolve(&machine.path("exported.tar"), source)), digest);
    }
}

#[test]
fn an_archive_for_docker_gives_the_same_image_each_time() {
    let machine = Machine::new().unwrap();
    image(&machine);
    machine.run("skopeo", &["copy", "oci:layout:1", &format!("docker-archive:docker.tar:{NAME}")]).unwrap();
    let path = machine.path("docker.tar");
    let resolved = resolve(&path, ImageSource::DockerArchive);
    assert_eq!(root(&resolved), root(&resolve(&path, ImageSource::DockerArchive)));
    assert_eq!(files(&machine, &resolved, "out"), ["first layer", "second layer"]);
    let config = |name: &str| machine.run("skopeo", &["inspect", "--config", "--raw", name]).unwrap();
    assert_eq!(config("oci:out:1"), config("docker-archive:docker.tar"), "the image's ID stays");
}
