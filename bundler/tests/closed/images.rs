//! Images of lists, and the platforms that images are for.

use bundler::resolve::stack::ResolvedImage;
use manifests::evidence::Fate;

use crate::world::{CHART, HEAD, SHA, World, seen_image};

#[test]
fn nodes_of_a_platform_that_images_lack_are_told_once_for_each_component() {
    let images = "images: ['a.org/a:1', 'a.org/b:1', {image: 'a.org/c:1', platforms: [linux/arm64]}]\n";
    let systems = "systems:\n  - series: noble\n    architectures: [amd64, arm64]\n    base: [essential]\n    repositories:\n      \
                   - {url: 'https://archive.example.org/x', suites: [noble], components: [main], key: k.asc}\n";
    let world = World::new(systems, images, "");
    assert_eq!(
        world.findings(),
        [
            "image-platform-missing shop linux/amd64 components/shop.yaml:4",
            "image-platform-missing shop linux/arm64 components/shop.yaml:4"
        ]
    );
    assert!(world.judge().findings[1].finding.message.contains("2 images are not carried for it"));
    let world = World::new(&format!("{systems}platforms: [linux/amd64, linux/arm64]\n"), "images: ['a.org/a:1']\n", "");
    assert_eq!(world.findings(), [""; 0]);
}

#[test]
fn an_image_is_carried_for_the_platforms_of_all_that_use_it() {
    let head = |name: &str| format!("apiVersion: airgap/v1\nkind: Component\nname: {name}\n");
    let one = format!("{}platforms: [linux/amd64]\nimages: ['a.org/sure:1']\n", head("a"));
    let user = format!("{}platforms: [linux/amd64, linux/arm64]\n{CHART}", head("b"));
    let seen = |confidence: &str| format!("  references:\n{}", seen_image("a.org/sure:1", "b", confidence));
    let stack = HEAD.replace("[shop]", "[a, b]");
    let platforms = |user: &str, confidence: &str| {
        let world = World::of(&stack, &[("a", one.clone()), ("b", user.to_owned())], &seen(confidence));
        let judged = world.judge();
        assert!(judged.images().is_empty(), "it is listed");
        judged.fates.listed[0].platforms.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(platforms(&user, "certain"), ["linux/amd64", "linux/arm64"]);
    // A text that may be one says nothing; and who lists it himself says for which platforms.
    assert_eq!(platforms(&user, "possible"), ["linux/amd64"]);
    let own = format!("{user}images: [{{image: 'a.org/sure:1', platforms: [linux/amd64]}}]\n");
    assert_eq!(platforms(&own, "certain"), ["linux/amd64"]);
}

#[test]
fn images_of_lists_are_listed_and_what_is_wrong_with_a_list_is_told_there() {
    let shop = "platforms: [linux/arm64]\nimageLists: [{file: ./images.txt}]\n";
    let line = "  - image: a.org/x:1\n    seen: [{component: shop, text: 'a.org/x:1', file: components/images.txt, path: line 3, \
                confidence: likely, reason: upstream's list of images names it}]\n";
    let list = format!(
        "  lists: [{{component: shop, list: components/images.txt, asked: 'components/shop.yaml:5', digest: '{SHA}', choice: \
         '{SHA}'}}]\n  references:\n{line}"
    );
    let world = World::new("", shop, &list);
    assert_eq!(world.findings(), [""; 0]);
    let judged = world.judge();
    let image = &judged.images()[0];
    assert_eq!((judged.fates.references[0].fate, image.component.as_str()), (Fate::Listed, "shop"));
    assert_eq!((image.location.line(), image.platforms[0].to_string().as_str()), (5, "linux/arm64"));

    let failed = "  failures: [{component: shop, of: components/images.txt, reason: line 2 is none, help: look}]\n";
    let world = World::new("", shop, &format!("{list}{failed}"));
    assert_eq!(world.findings(), ["list-unread shop/components/images.txt components/shop.yaml:5"]);
}

#[test]
fn a_platform_that_upstream_lacks_is_refused_at_its_line_unless_it_is_waived() {
    let images = "platforms: [linux/amd64, linux/arm64]\nimages: ['a.org/a:1', 'a.org/b:1', 'a.org/c:1']\n";
    let lacks = |image: &ResolvedImage| match image.reference.to_string().as_str() {
        "a.org/b:1" => Vec::new(),
        _ => vec!["linux/arm64".parse().unwrap()],
    };
    let waiver = "waivers:\n  - {finding: image-platform-unavailable, object: 'a.org/c:1 linux/arm64', reason: it runs on the \
                  jump host}\n";
    let judged = World::new(waiver, images, "").judge_with(lacks);
    let [open, waived] = judged.findings.as_slice() else { panic!("{:?}", judged.findings) };
    let (open, waived) = (&open.finding, &waived.finding);
    assert_eq!((open.id.as_str(), open.object.as_str()), ("image-platform-unavailable", "a.org/a:1 linux/arm64"));
    assert_eq!(open.asked.as_ref().unwrap().to_string(), "components/shop.yaml:5");
    assert!(
        open.message.contains("`a.org/a:1` is not made for linux/arm64; of what is wanted it is made for linux/amd64")
    );
    assert_eq!(waived.waived.as_ref().unwrap().reason, "it runs on the jump host");
    assert!(judged.check().is_err() && waived.object == "a.org/c:1 linux/arm64");
    // It is carried for what it has.
    assert_eq!(judged.fates.carried().count(), 3);
}
