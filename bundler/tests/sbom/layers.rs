//! Layers upon layers: what is replaced, taken away and shared.

use manifests::fake::FakeBundle;

use crate::fixtures::{Layer, image, inside, node, sbom, site, urls};

const A: &str = "srv/node_modules/a/package.json";
const B: &str = "srv/node_modules/b/package.json";

fn base() -> Vec<u8> {
    Layer::new().folder("srv").file(A, node("a", "1.0.0")).file(B, node("b", "1.0.0")).gzip()
}

#[test]
fn a_later_layer_replaces_files() {
    let site = image(&[base(), Layer::new().file(A, node("a", "2.0.0")).zstd()]);
    assert_eq!(inside(&site), ["pkg:npm/a@2.0.0", "pkg:npm/b@1.0.0"]);
    // What is no package any more is none.
    let site = image(&[base(), Layer::new().link(tar::EntryType::Symlink, A, "../b/package.json").gzip()]);
    assert_eq!(inside(&site), ["pkg:npm/b@1.0.0"]);
    let site = image(&[base(), Layer::new().file("srv/node_modules", "no folder any more").gzip()]);
    assert_eq!(inside(&site), [""; 0]);
}

#[test]
fn whiteouts_take_away_what_is_below_and_not_what_is_beside() {
    let gone = |path: &str| inside(&image(&[base(), Layer::new().file(path, "").gzip()]));
    assert_eq!(gone("srv/node_modules/a/.wh.package.json"), ["pkg:npm/b@1.0.0"]);
    assert_eq!(gone("srv/node_modules/.wh.a"), ["pkg:npm/b@1.0.0"]);
    assert_eq!(gone("srv/.wh.node_modules"), [""; 0]);
    assert_eq!(gone(".wh.srv"), [""; 0]);
    // Nothing of that name is there, though a name begins so.
    assert_eq!(gone("srv/.wh.node"), ["pkg:npm/a@1.0.0", "pkg:npm/b@1.0.0"]);
    let opaque = Layer::new().file(A, node("a", "3.0.0")).file("srv/node_modules/.wh..wh..opq", "").gzip();
    assert_eq!(inside(&image(&[base(), opaque])), ["pkg:npm/a@3.0.0"]);
}

#[test]
fn a_hard_link_says_what_its_file_says() {
    let link = Layer::new().link(tar::EntryType::Link, "app/node_modules/a/package.json", A);
    let site = image(&[Layer::new().file(A, node("a", "1.0.0")).gzip(), link.gzip()]);
    let package = &sbom(&site, "")["components"][0]["components"][0];
    let places: Vec<_> =
        package["evidence"]["occurrences"].as_array().unwrap().iter().map(|it| it["location"].clone()).collect();
    assert_eq!(places, ["app/node_modules/a/package.json", A]);
}

#[test]
fn images_that_share_layers_each_have_what_is_theirs() {
    let (base, one, two) = (
        base(),
        Layer::new().file("x/node_modules/one/package.json", node("one", "1.0.0")).gzip(),
        Layer::new().file("srv/node_modules/.wh.a", "").gzip(),
    );
    let bundle = FakeBundle::new("b", "1.0.0")
        .image("example.com/base:1", &[&base])
        .image("example.com/one:1", &[&base, &one])
        .image("example.com/two:1", &[&base, &two])
        .image("example.com/empty:1", &[]);
    let site = site(&bundle);
    // Layers are read by several threads: the result is the same each time.
    for jobs in ["-j 1", "-j 3"] {
        let sbom = sbom(&site, jobs);
        let found: Vec<_> = sbom["components"].as_array().unwrap().iter().map(urls).collect();
        assert_eq!(
            found,
            [
                vec!["pkg:npm/a@1.0.0", "pkg:npm/b@1.0.0"],
                vec![],
                vec!["pkg:npm/a@1.0.0", "pkg:npm/b@1.0.0", "pkg:npm/one@1.0.0"],
                vec!["pkg:npm/b@1.0.0"],
            ],
            "{jobs}"
        );
    }
    let said = site.run("sbom b.tar.zst --trust trust");
    let size = [&base, &one, &two].iter().map(|layer| layer.len()).sum::<usize>();
    assert!(said.stderr.contains(&format!("sbom: {size} B,")), "each layer once: {}", said.stderr);
}
