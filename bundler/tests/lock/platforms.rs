//! Images that upstream does not make for every platform that they are wanted for: with a real registry.

use std::fs;

use crate::discovered::{evidence, images};
use crate::upstream::Upstream;

/// A stack `wide.yaml` for two platforms, with images that are made for one of them. `more` goes into the stack.
fn write(upstream: &Upstream, more: &str) {
    let address = &upstream.registry.address;
    let component = format!(
        "apiVersion: airgap/v1\nkind: Component\nname: wide\nimages:\n  - {address}/team/app:1\n  - {address}/team/other:1\n"
    );
    fs::write(upstream.path("components/wide.yaml"), component).unwrap();
    let stack = format!(
        "apiVersion: airgap/v1\nkind: Stack\nname: wide\nversion: 1.0.0\ncreated: 2026-11-21\nplatforms: [linux/amd64, \
         linux/arm64]\ncomponents: [wide]\nregistries: {{ \"{address}\": {{ plainHTTP: true }} }}\n{more}"
    );
    fs::write(upstream.path("wide.yaml"), stack).unwrap();
}

fn waiver(image: &str) -> String {
    format!(
        "  - {{finding: image-platform-unavailable, object: '{image} linux/arm64', reason: it runs on amd64 alone}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_upstream_does_not_make_is_a_finding_and_what_is_waived_is_carried_for_the_rest() {
    let upstream = Upstream::start().await;
    upstream.push_image("other:1", "other\n");
    let [app, other] = ["app", "other"].map(|name| format!("{}/team/{name}:1", upstream.registry.address));
    write(&upstream, "");
    for command in ["lock wide.yaml", "build wide.yaml --unsigned -o x.tar.zst"] {
        let refused = upstream.run(command).await.fails();
        assert!(refused.contains("the bundle would not be complete: 2 findings"), "{refused}");
        for (image, line) in [(&app, 5), (&other, 6)] {
            let message = format!("image-platform-unavailable: `{image}` is not made for linux/arm64");
            assert!(refused.contains(&message), "{refused}");
            assert!(refused.contains(&format!("components/wide.yaml:{line}")), "{refused}");
        }
        assert!(refused.contains("does not start") && refused.contains("or waive it"), "{refused}");
        assert!(!upstream.path("wide.lock.yaml").exists() && !upstream.path("x.tar.zst").exists());
    }

    write(&upstream, &format!("waivers:\n{}{}", waiver(&app), waiver(&other)));
    let told = upstream.run("lock wide.yaml").await;
    assert!(
        told.stderr.contains("it runs on amd64 alone") || told.stdout.contains("it runs on amd64 alone"),
        "{}",
        told.stderr
    );
    told.ok();
    let lock = bundler::lock::read(&upstream.path("wide.lock.yaml")).unwrap().unwrap();
    let lacks: Vec<String> = lock.images[0].lacks.iter().map(ToString::to_string).collect();
    assert_eq!((lacks, lock.images[0].platforms.len()), (vec!["linux/arm64".to_owned()], 2));
    upstream.run("build wide.yaml --unsigned --locked -o wide.tar.zst").await.ok();
    assert_eq!(images(&upstream, "wide.tar.zst"), ["team/app:1", "team/other:1"]);
    let document = upstream.document("wide.tar.zst");
    let platforms = document.items.iter().find_map(|item| item.as_image()).unwrap().platforms.clone();
    assert_eq!(platforms, ["linux/amd64".parse().unwrap()]);
    let evidence = evidence(&upstream, "wide.tar.zst");
    assert!(evidence.findings.iter().all(|finding| finding.waived.is_some()) && evidence.waivers[0].used == 1);

    // The lock remembers it: without a waiver nothing is built, and no registry is asked.
    write(&upstream, &format!("waivers:\n{}", waiver(&app)));
    let refused = upstream.run("build wide.yaml --unsigned --locked -o y.tar.zst").await.fails();
    assert!(refused.contains("1 finding") && refused.contains(&format!("`{other}` is not made for")), "{refused}");
}
