//! Lists of images that upstreams publish: what is in them is carried and locked as what a component lists.

use std::fs;
use std::path::Path;

use manifests::Digest;
use manifests::evidence::Fate;

use crate::discovered::{evidence, images};
use crate::upstream::Upstream;

const BUILD: &str = "build listed.yaml --unsigned";

/// A stack `listed.yaml` with a component `shop` that has these lists. No chart, so no Helm.
fn write(upstream: &Upstream, lists: &str) {
    let head = "apiVersion: airgap/v1\nkind: ";
    fs::write(upstream.path("components/shop.yaml"), format!("{head}Component\nname: shop\nimageLists:\n{lists}"))
        .unwrap();
    let address = &upstream.registry.address;
    let stack = format!(
        "{head}Stack\nname: listed\nversion: 1.0.0\ncreated: 2026-11-21\ncomponents: [shop]\nregistries: {{ \"{address}\": {{ \
         plainHTTP: true }} }}\n"
    );
    fs::write(upstream.path("listed.yaml"), stack).unwrap();
}

/// A list of two images that are there and one that is not.
fn list(upstream: &Upstream) -> String {
    upstream.push_image("web:v2", "web\n");
    let address = &upstream.registry.address;
    format!(
        "# of the shop\n\n{address}/team/app:1\ndocker://{address}/team/web:{{version}}  12 MB\n{address}/windows/app:1\n"
    )
}

const CHOICE: &str = "    with: {version: v2}\n    only: ['*/team/*', '*/windows/*']\n    except: ['*/windows/*']\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_list_on_disk_is_carried_and_locked_with_the_line_of_each_image() {
    let upstream = Upstream::start().await;
    let text = list(&upstream);
    fs::write(upstream.path("components/images.txt"), &text).unwrap();
    write(&upstream, &format!("  - file: ./images.txt\n{CHOICE}"));
    let shown = upstream.run_with_helm(Path::new("/nonexistent"), "discover listed.yaml").await.ok();
    assert!(shown.contains("team/app:1   listed  likely      shop: components/images.txt"), "{shown}");
    let told = upstream.run("lock listed.yaml").await.ok();
    assert!(told.contains("+  image"), "{told}");
    let lock = bundler::lock::read(&upstream.path("listed.lock.yaml")).unwrap().unwrap();
    let [app, web] = lock.images.as_slice() else { panic!("{:?}", lock.images) };
    assert_eq!((app.asked.to_string().as_str(), app.component.as_str()), ("components/shop.yaml:5", "shop"));
    assert_eq!(app.found, ["shop: components/images.txt, line 3"]);
    assert_eq!(web.found, ["shop: components/images.txt, line 4"]);
    let locked = &lock.discovery.as_ref().unwrap().lists[0];
    assert_eq!((locked.list.as_str(), locked.digest), ("components/images.txt", Digest::of(text.as_bytes())));

    upstream.run(&format!("{BUILD} --locked -o x.tar.zst")).await.ok();
    assert_eq!(images(&upstream, "x.tar.zst"), ["team/app:1", "team/web:v2"]);
    let evidence = evidence(&upstream, "x.tar.zst");
    let reference = &evidence.references[0];
    let seen = &reference.sightings[0];
    assert_eq!(
        (reference.fate, seen.file.as_deref(), seen.path.as_str()),
        (Fate::Listed, Some("components/images.txt"), "line 3")
    );
    assert!(evidence.findings.is_empty(), "{:?}", evidence.findings);
    assert_eq!(upstream.run("lock listed.yaml").await.ok(), "listed.lock.yaml is up to date\n");
    // Without a lock the same is built.
    fs::rename(upstream.path("listed.lock.yaml"), upstream.path("kept.yaml")).unwrap();
    upstream.run(&format!("{BUILD} -o y.tar.zst")).await.ok();
    assert!(upstream.read("y.tar.zst") == upstream.read("x.tar.zst"));
    fs::rename(upstream.path("kept.yaml"), upstream.path("listed.lock.yaml")).unwrap();

    // Another content, and another choice.
    fs::write(upstream.path("components/images.txt"), format!("{text}# more\n")).unwrap();
    let refused = upstream.run(&format!("{BUILD} --locked -o z.tar.zst")).await.fails();
    assert!(refused.contains("the list of images `components/images.txt` of `shop` had another content"), "{refused}");
    fs::write(upstream.path("components/images.txt"), &text).unwrap();
    upstream.change("components/shop.yaml", "version: v2", "version: v3");
    let refused = upstream.run(&format!("{BUILD} --locked -o z.tar.zst")).await.fails();
    assert!(refused.contains("was read in another way") && refused.contains("components/shop.yaml:5"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_on_a_web_server_is_read_once_and_is_what_its_digest_says() {
    let upstream = Upstream::start().await;
    let text = list(&upstream);
    fs::write(upstream.archive.path("images.txt"), &text).unwrap();
    let (url, sha256) = (upstream.server.url("/images.txt"), Digest::of(text.as_bytes()));
    write(&upstream, &format!("  - url: {url}\n    sha256: {}\n{CHOICE}", sha256.hex()));
    upstream.run("lock listed.yaml").await.ok();
    let lock = bundler::lock::read(&upstream.path("listed.lock.yaml")).unwrap().unwrap();
    assert_eq!(lock.images[0].found, [format!("shop: {url}, line 3")]);
    let asked = upstream.server.received().len();
    fs::remove_file(upstream.archive.path("images.txt")).unwrap();
    upstream.run(&format!("{BUILD} --locked -o x.tar.zst")).await.ok();
    assert_eq!(images(&upstream, "x.tar.zst"), ["team/app:1", "team/web:v2"]);
    assert_eq!(upstream.run("lock listed.yaml").await.ok(), "listed.lock.yaml is up to date\n");
    assert_eq!(upstream.server.received().len(), asked, "the lock remembers what is in it");

    fs::remove_file(upstream.path("listed.lock.yaml")).unwrap();
    let refused = upstream.run("lock listed.yaml").await.fails();
    assert!(refused.contains("can't take the list of images `http://") && refused.contains("404"), "{refused}");
    fs::write(upstream.archive.path("images.txt"), "other\n").unwrap();
    let refused = upstream.run("lock listed.yaml").await.fails();
    assert!(refused.contains(&format!("expected {sha256}, but it is now")), "{refused}");
    assert!(refused.contains("components/shop.yaml:5"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_lists_is_told_at_once_and_nothing_is_written() {
    let upstream = Upstream::start().await;
    let address = &upstream.registry.address;
    fs::write(upstream.path("components/a.txt"), format!("{address}/team/app:1\nNot An Image\nx:{{tag}}\n")).unwrap();
    fs::write(upstream.path("components/b.txt"), "# nothing\n\n").unwrap();
    write(&upstream, "  - file: ./a.txt\n    except: ['quay.io/*']\n  - file: ./b.txt\n");
    let refused = upstream.run("lock listed.yaml").await.fails();
    for told in [
        "the bundle would not be complete: 4 findings",
        "list-unread: `components/a.txt` of the component `shop`: line 2 of the list, `Not`, is no image reference",
        "line 3 of the list, `x:{tag}`, is no image reference",
        "the pattern `quay.io/*` meets no image of the list",
        "`components/b.txt` of the component `shop`: the list has no image that is taken",
        "say under `with` what the placeholders in it stand for",
        "components/shop.yaml:5",
        "components/shop.yaml:7",
    ] {
        assert!(refused.split_whitespace().collect::<Vec<_>>().join(" ").contains(told), "{told} in {refused}");
    }
    assert!(!upstream.path("listed.lock.yaml").exists());

    fs::write(upstream.path("components/a.txt"), vec![b'\n'; (1 << 20) + 1]).unwrap();
    fs::remove_file(upstream.path("components/b.txt")).unwrap();
    let refused = upstream.run("lock listed.yaml").await.fails();
    assert!(refused.contains("2 of 2 items can't be had"), "{refused}");
    assert!(refused.contains("a.txt has more than 1048576 bytes") && refused.contains("can't read "), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_listed_is_shown_without_any_chart() {
    let upstream = Upstream::start().await;
    let stack = "apiVersion: airgap/v1\nkind: Stack\nname: listed\nversion: 1.0.0\nimages: ['a.example.org/x:1']\n";
    fs::write(upstream.path("listed.yaml"), stack).unwrap();
    let shown = upstream.run_with_helm(Path::new("/nonexistent"), "discover listed.yaml").await.ok();
    assert!(shown.lines().any(|line| line.starts_with("a.example.org/x:1  listed")), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_listed_too_comes_from_where_that_says() {
    let upstream = Upstream::start().await;
    let address = upstream.registry.address.clone();
    fs::write(upstream.path("components/images.txt"), "gone.example.org/old/app:1\n").unwrap();
    let moved =
        format!("images:\n  - {{ image: 'gone.example.org/old/app:1', from: {{ image: '{address}/team/app:1' }} }}\n");
    write(&upstream, &format!("  - file: ./images.txt\n{moved}"));
    upstream.run(&format!("{BUILD} -o x.tar.zst")).await.ok();
    assert_eq!(images(&upstream, "x.tar.zst"), ["gone.example.org/old/app:1"]);
    let reference = &evidence(&upstream, "x.tar.zst").references[0];
    assert_eq!(reference.pulled_from.as_ref().unwrap().to_string(), format!("{address}/team/app:1"));
}
