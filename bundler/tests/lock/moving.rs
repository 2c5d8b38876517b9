//! Upstream moves: what was locked is built all the same, what is moved on purpose moves, and nothing else.

use std::fs;

use manifests::Digest;

use crate::upstream::{Upstream, names, versions};

const BUILD: &str = "build stack.yaml --unsigned";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_locked_is_built_byte_for_byte_after_all_of_upstream_moved() {
    let upstream = Upstream::start().await;
    let told = upstream.run("lock stack.yaml --cache cache").await.ok();
    assert!(told.starts_with("wrote stack.lock.yaml\n"), "{told}");
    let before = upstream.run(&format!("{BUILD} --locked -o before.tar.zst")).await.ok();
    assert!(before.contains("lock        stack.lock.yaml"), "{before}");
    let old = versions(&upstream.document("before.tar.zst"));
    assert_eq!(
        (old.1.as_str(), old.2.as_slice()),
        ("1.0.0", ["libshop 1.0-1", "shop 1.0-1"].map(String::from).as_slice())
    );

    // A signature that came later is none of the lock's, either.
    upstream.push_image(&format!("app:sha256-{}.att", old.0.hex()), "an attestation\n");
    upstream.move_on();
    for name in ["one.tar.zst", "two.tar.zst"] {
        upstream.run(&format!("{BUILD} --locked -o {name} --cache cache")).await.ok();
        assert!(upstream.read(name) == upstream.read("before.tar.zst"), "{name} has other bytes");
    }
    // A lock that is there is used, also when nobody insists.
    upstream.run(&format!("{BUILD} -o three.tar.zst --cache cache")).await.ok();
    assert!(upstream.read("three.tar.zst") == upstream.read("before.tar.zst"));

    fs::remove_file(upstream.path("stack.lock.yaml")).unwrap();
    let now = upstream.run(&format!("{BUILD} -o now.tar.zst")).await;
    assert!(now.stderr.contains("the stack has no lock: every name is looked up now"), "{}", now.stderr);
    now.ok();
    let new = versions(&upstream.document("now.tar.zst"));
    assert_ne!(new.0, old.0);
    let packages = ["libshop 1.0-2", "shop 1.0-1"].map(String::from);
    assert_eq!((new.1.as_str(), new.2.as_slice()), ("1.1.0", packages.as_slice()));
    let missing = upstream.run(&format!("{BUILD} --locked -o x.tar.zst")).await.fails();
    assert!(missing.contains("there is no stack.lock.yaml") && missing.contains("airgap-bundle lock stack.yaml"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_bundle_has_the_indexes_that_an_archive_replaced() {
    let upstream = Upstream::start().await;
    upstream.run("lock stack.yaml").await.ok();
    upstream.run(&format!("{BUILD} --locked -o before.tar.zst")).await.ok();
    upstream.move_on();
    let refused = upstream.run(&format!("{BUILD} --locked -o after.tar.zst")).await.fails();
    assert!(refused.contains("its signed release of ") && refused.contains("is not to be had any more"), "{refused}");
    let help = ["--cache DIR", "--reuse", "`snapshot`", "the packages alone are not enough", "lock STACK --update"];
    let told = refused.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.iter().all(|help| told.contains(help)), "{told}");
    assert!(!upstream.path("after.tar.zst").exists());
    // The bundle has the packages as well.
    fs::remove_file(upstream.archive.path("pool/main/l/libshop/libshop_1.0-1_amd64.deb")).unwrap();
    upstream.run(&format!("{BUILD} --locked -o after.tar.zst --reuse before.tar.zst")).await.ok();
    assert!(upstream.read("after.tar.zst") == upstream.read("before.tar.zst"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_says_where_everything_was_asked_for_and_found() {
    let upstream = Upstream::start().await;
    upstream.run("lock stack.yaml").await.ok();
    let lock = upstream.lock();
    let (image, chart, file, system) = (&lock.images[0], &lock.charts[0], &lock.files[0], &lock.systems[0]);
    assert_eq!((image.asked.to_string().as_str(), image.component.as_str()), ("components/shop.yaml:5", "shop"));
    assert_eq!(image.attached[0].annotations.values().next().unwrap(), &format!("sha256-{}.sig", image.digest.hex()));
    assert_eq!(chart.asked.to_string(), "components/shop.yaml:7");
    assert_eq!((chart.wanted.as_deref(), chart.version.as_str()), (Some("^1.0.0"), "1.0.0"));
    assert_eq!((file.asked.to_string().as_str(), file.digest, file.size), ("stack.yaml:8", Digest::of(b"notes\n"), 6));
    let suite = &system.repositories[0].suites[0];
    let signed = Digest::of(&fs::read(upstream.archive.path("dists/stable/InRelease")).unwrap());
    assert_eq!((suite.signed[0].file.as_str(), suite.signed[0].digest), ("InRelease", signed));
    assert_eq!(system.wanted[0].asked.to_string(), "stack.yaml:20");
    let deb = fs::read(upstream.archive.path("pool/main/s/shop/shop_1.0-1_amd64.deb")).unwrap();
    assert_eq!((system.packages[1].digest, system.packages[1].size), (Digest::of(&deb), deb.len() as u64));

    // The same wherever the tree lies, and from wherever it is locked.
    let text = upstream.read("stack.lock.yaml");
    fs::remove_file(upstream.path("stack.lock.yaml")).unwrap();
    upstream.run(&format!("lock {}", upstream.path("stack.yaml").display())).await.ok();
    assert_eq!(upstream.read("stack.lock.yaml"), text);
    assert!(!String::from_utf8(text).unwrap().contains('#'));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_locked_is_not_asked_for_again() {
    let upstream = Upstream::start().await;
    upstream.run("lock stack.yaml").await.ok();
    let asked = upstream.server.received().len();
    let text = upstream.read("stack.lock.yaml");
    upstream.move_on();
    assert_eq!(upstream.run("lock stack.yaml").await.ok(), "stack.lock.yaml is up to date\n");
    assert_eq!((upstream.server.received().len(), upstream.read("stack.lock.yaml")), (asked, text));

    // Lines are kept up to date without asking anybody.
    upstream.change("stack.yaml", "kind: Stack\n", "kind: Stack\n\n");
    assert_eq!(upstream.run("lock stack.yaml").await.ok(), "wrote stack.lock.yaml: the same items\n");
    assert_eq!((upstream.server.received().len(), upstream.lock().files[0].asked.line()), (asked, 9));
}

#[tokio::test(flavor = "multi_thread")]
async fn outdated_shows_what_moved_and_update_moves_one_thing() {
    let upstream = Upstream::start().await;
    upstream.run("lock stack.yaml").await.ok();
    assert_eq!(upstream.run("outdated stack.yaml").await.ok(), "nothing has moved\n");
    upstream.move_on();
    let text = upstream.read("stack.lock.yaml");
    let outdated = upstream.run("outdated stack.yaml").await.ok();
    let words: Vec<Vec<&str>> = outdated.lines().map(|line| line.split_whitespace().collect()).collect();
    let web = upstream.server.url("/charts/web").to_string().replace("http://", "");
    let image = format!("{}/team/app", upstream.registry.address);
    for moved in [
        ["~", "chart", &web, "1.0.0", "1.1.0"].as_slice(),
        &["~", "image", &image, "1"],
        &["~", "package", "stable/libshop", "amd64", "1.0-1", "1.0-2"],
    ] {
        assert!(words.iter().any(|line| line.starts_with(moved)), "{moved:?}: {outdated}");
    }
    assert!(!outdated.contains("notes.txt"), "{outdated}");
    let json: serde_json::Value =
        serde_json::from_str(&upstream.run("outdated stack.yaml -o json").await.ok()).unwrap();
    assert_eq!((&json["outdated"], json["items"].as_array().unwrap().len()), (&true.into(), 2));
    assert_eq!(upstream.read("stack.lock.yaml"), text, "nothing is written");

    let before = upstream.lock();
    upstream.run("lock stack.yaml --update web").await.ok();
    let after = upstream.lock();
    assert_eq!(after.charts[0].version, "1.1.0");
    assert_eq!((&after.images, &after.files, &after.systems), (&before.images, &before.files, &before.systems));
    let image = before.images[0].image.to_string();
    let told = upstream.run(&format!("lock stack.yaml --update stable {image}")).await.ok();
    assert!(told.contains("1.0-2") && told.contains("~  image"), "{told}");
    assert_eq!(upstream.run("outdated stack.yaml").await.ok(), "nothing has moved\n");

    let unknown = upstream.run("lock stack.yaml --update libshop").await;
    assert_eq!(unknown.code, Some(2), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("packages of a series move together: name the series, `stable`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_and_bundles_are_compared_in_any_mixture() {
    let upstream = Upstream::start().await;
    upstream.run(&format!("{BUILD} --lock -o old.tar.zst")).await.ok();
    fs::copy(upstream.path("stack.lock.yaml"), upstream.path("old.lock.yaml")).unwrap();
    let same = upstream.run("diff old.tar.zst stack.lock.yaml -q").await.ok();
    assert_eq!(
        same,
        "demo 1.0.0 -> demo (lock)\n\nthe same items\n\
         licences and advisories are not compared: a lock does not know them, bundles can be compared\n"
    );
    upstream.move_on();
    upstream.run("lock stack.yaml --update").await.ok();
    upstream.run(&format!("{BUILD} --locked -o new.tar.zst")).await.ok();
    let changed = |text: &str| text.lines().filter(|line| line.starts_with('~')).map(str::to_owned).collect::<Vec<_>>();
    let locks = changed(&upstream.run("diff old.lock.yaml stack.lock.yaml -q").await.ok());
    assert_eq!(locks.len(), 3, "{locks:?}");
    assert_eq!(changed(&upstream.run("diff old.tar.zst stack.lock.yaml -q").await.ok()), locks);
    assert_eq!(changed(&upstream.run("diff old.lock.yaml new.tar.zst -q").await.ok()), locks);
    let bundles = upstream.run("diff old.tar.zst new.tar.zst -q").await.ok();
    assert!(locks.iter().all(|line| line.split_whitespace().all(|word| bundles.contains(word))), "{bundles}");
    let markdown = upstream.run("diff old.lock.yaml stack.lock.yaml -o markdown").await.ok();
    assert!(
        markdown.starts_with("### demo (lock) → demo (lock)\n\n| | kind | name | from | to | size |\n"),
        "{markdown}"
    );
    assert!(markdown.contains("| changed | package | `stable/libshop amd64` | `1.0-1` | `1.0-2` |"), "{markdown}");
    let left = names(&upstream.path(""));
    assert!(!left.iter().any(|name| name.starts_with(".tmp")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_a_digest_is_what_it_was_when_it_was_locked() {
    let upstream = Upstream::start().await;
    upstream.change("stack.yaml", &format!("\n    sha256: {}", Digest::of(b"notes\n").hex()), "");
    upstream.run("lock stack.yaml").await.ok();
    assert_eq!(upstream.lock().files[0].digest, Digest::of(b"notes\n"));
    upstream.run(&format!("{BUILD} --locked -o before.tar.zst")).await.ok();
    fs::write(upstream.archive.path("notes.txt"), "other\n").unwrap();
    let told = upstream.run(&format!("{BUILD} --locked -o after.tar.zst")).await.fails();
    assert!(told.contains("can't get blob"), "{told}");
    upstream.run("lock stack.yaml --update notes.txt").await.ok();
    assert_eq!(upstream.lock().files[0].digest, Digest::of(b"other\n"));
    upstream.run(&format!("{BUILD} --locked -o after.tar.zst")).await.ok();
}
