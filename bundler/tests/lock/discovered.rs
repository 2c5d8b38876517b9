//! What charts refer to, from the chart to lock and bundle: with the real Helm and a real registry.

use std::fs;
use std::path::Path;

use manifests::bundle::UnverifiedBundle;
use manifests::evidence::{Evidence, FILE, Fate, SET, Severity};
use manifests::lock::ThingKind;

use crate::upstream::Upstream;

const BUILD: &str = "build found.yaml --unsigned";
/// What a chart may install, and others rely on.
const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: gadgets.shop.example.org\nspec:\n  \
     group: shop.example.org\n  scope: Namespaced\n  names: {kind: Gadget, plural: gadgets}\n  versions: [{name: v1, served: \
     true, storage: true, schema: {openAPIV3Schema: {type: object}}}]\n";
const CLASS: &str =
    "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata:\n  name: fast\nprovisioner: x.example.org\n";
/// A component that relies on both.
const WANTS: &str = "wants: {crds: [gadgets.shop.example.org], storageClasses: [fast]}\ncharts:";

/// The template of a pod.
fn pod(name: &str, image: &str, more: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n{more}spec:\n  containers:\n    - name: main\n      image: \
         {image}\n"
    )
}

/// A stack `found.yaml` with a component `web`, whose chart on disk has these templates. `more` goes into the stack.
fn write(upstream: &Upstream, templates: &[(&str, String)], more: &str) {
    let chart = upstream.path("chart");
    let _ = fs::remove_dir_all(&chart);
    fs::create_dir_all(chart.join("templates")).unwrap();
    fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: web\nversion: 1.0.0\n").unwrap();
    fs::write(chart.join("values.yaml"), "replicas: 1\n").unwrap();
    for (name, text) in templates {
        fs::write(chart.join("templates").join(name), text).unwrap();
    }
    let head = "apiVersion: airgap/v1\nkind: ";
    let component = format!("{head}Component\nname: web\ncharts:\n  - name: web\n    path: ../chart\n");
    fs::write(upstream.path("components/web.yaml"), component).unwrap();
    let address = &upstream.registry.address;
    let stack = format!(
        "{head}Stack\nname: found\nversion: 1.0.0\ncreated: 2026-11-21\ncomponents: [web]\nregistries: {{ \"{address}\": {{ \
         plainHTTP: true }} }}\n{more}"
    );
    fs::write(upstream.path("found.yaml"), stack).unwrap();
}

pub fn evidence(upstream: &Upstream, bundle: &str) -> Evidence {
    let bundle = UnverifiedBundle::open(&[upstream.path(bundle)]).unwrap();
    let digest = bundle.document_digest();
    let bundle = bundle.verify_pinned(&digest).unwrap();
    let set = bundle.document().items.iter().filter_map(|item| item.as_files()).find(|set| set.name == SET).unwrap();
    assert_eq!(set.reference.to_string(), format!("bundle.local/files/{SET}:1.0.0"));
    let file = set.files.iter().find(|file| file.path == FILE).unwrap();
    Evidence::parse(&bundle.read_to_vec(&file.digest, file.size).unwrap()).unwrap()
}

pub fn images(upstream: &Upstream, bundle: &str) -> Vec<String> {
    let address = format!("{}/", upstream.registry.address);
    let document = upstream.document(bundle);
    let images = document.items.iter().filter_map(|item| item.as_image());
    images.map(|image| image.reference.to_string().replace(&address, "")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_chart_names_is_found_locked_and_carried() {
    let upstream = Upstream::start().await;
    let app = format!("{}/team/app:1", upstream.registry.address);
    write(&upstream, &[("pod.yaml", pod("web", &app, ""))], "");
    let told = upstream.run("lock found.yaml").await.ok();
    assert!(told.contains("+  image      ") && told.contains("team/app "), "{told}");
    let lock = bundler::lock::read(&upstream.path("found.lock.yaml")).unwrap().unwrap();
    let image = &lock.images[0];
    assert_eq!((image.image.to_string(), image.component.as_str()), (app.clone(), "web"));
    assert_eq!(
        (image.asked.to_string().as_str(), image.found.as_slice()),
        ("components/web.yaml:5", ["web: web/templates/pod.yaml".to_owned()].as_slice())
    );
    let seen = &lock.discovery.unwrap();
    assert_eq!((seen.kubernetes.as_str(), seen.rendered[0].archive), ("v1.30.0", lock.charts[0].digest));
    assert_eq!(seen.references[0].seen[0].path, "spec.containers[0].image");

    // A build without a lock finds the same, and one from the lock needs no Helm.
    upstream.run(&format!("{BUILD} --locked -o locked.tar.zst")).await.ok();
    assert_eq!(images(&upstream, "locked.tar.zst"), ["team/app:1"]);
    let nowhere = Path::new("/nonexistent/helm");
    let built = upstream.run_with_helm(nowhere, &format!("{BUILD} --locked -o without.tar.zst")).await;
    built.ok();
    assert!(upstream.read("without.tar.zst") == upstream.read("locked.tar.zst"));
    fs::remove_file(upstream.path("found.lock.yaml")).unwrap();
    upstream.run(&format!("{BUILD} -o found.tar.zst")).await.ok();
    assert!(upstream.read("found.tar.zst") == upstream.read("locked.tar.zst"));
    let evidence = evidence(&upstream, "found.tar.zst");
    let reference = &evidence.references[0];
    assert_eq!((reference.image.to_string(), reference.fate), (app, Fate::Found));
    assert_eq!(evidence.rendered[0].chart, "web");

    // Without a lock, nobody knows what the chart refers to.
    let refused = upstream.run_with_helm(nowhere, &format!("{BUILD} -o x.tar.zst")).await.fails();
    assert!(refused.contains("can't see what the charts refer to") && refused.contains("--helm"), "{refused}");
    assert!(!upstream.path("x.tar.zst").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_moved_is_not_built_from_its_lock() {
    let upstream = Upstream::start().await;
    let app = format!("{}/team/app:1", upstream.registry.address);
    write(&upstream, &[("pod.yaml", pod("web", &app, ""))], "");
    upstream.run("lock found.yaml").await.ok();
    upstream.change("components/web.yaml", "../chart\n", "../chart\n    values: {replicas: 2}\n");
    let refused = upstream.run(&format!("{BUILD} --locked -o x.tar.zst")).await.fails();
    assert!(refused.contains("the chart `web` of `web` was looked through with other values"), "{refused}");
    assert!(refused.contains("components/web.yaml:5"), "{refused}");
    // Without --locked it is looked through anew, and that is told.
    let built = upstream.run(&format!("{BUILD} -o x.tar.zst")).await;
    assert!(built.stderr.contains("was looked through with other values"), "{}", built.stderr);
    built.ok();
    // Moved lines are no change.
    upstream.run("lock found.yaml").await.ok();
    upstream.change("components/web.yaml", "name: web\ncharts", "name: web\n\n\ncharts");
    upstream.run_with_helm(Path::new("/nonexistent"), &format!("{BUILD} --locked -o y.tar.zst")).await.ok();
    assert!(upstream.read("y.tar.zst") == upstream.read("x.tar.zst"));
}

/// A ConfigMap with a text that has the form of an image.
fn config(text: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  sidecarImage: {text}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unsure_has_to_be_decided_once() {
    let upstream = Upstream::start().await;
    let app = format!("{}/team/app:1", upstream.registry.address);
    write(&upstream, &[("config.yaml", config(&app))], "");
    let refused = upstream.run(&format!("{BUILD} -o x.tar.zst")).await.fails();
    let lines = format!("    - image: {app}\n");
    assert!(
        refused.contains("image-undecided: nobody has decided whether") && refused.contains(lines.trim()),
        "{refused}"
    );
    assert!(refused.contains("ConfigMap settings in web/templates/config.yaml, data.sidecarImage"), "{refused}");
    assert!(refused.contains("components/web.yaml:5"), "{refused}");
    assert!(!upstream.path("x.tar.zst").exists() && !upstream.path("x.tar.zst.partial").exists());
    assert!(upstream.run("lock found.yaml").await.fails().contains("image-undecided"));
    let shown = upstream.run("discover found.yaml").await;
    assert_eq!(shown.code, Some(1));
    let lines = format!("To be decided in the stack:\ndecisions:\n  - image: {app}\n    carry: true  # or false\n");
    assert!(shown.stdout.contains(&lines) && shown.stderr.contains("image-undecided"), "{}", shown.stdout);
    assert!(!upstream.path("found.lock.yaml").exists());

    let decided = |carry: bool| format!("decisions:\n  - image: {app}\n    carry: {carry}\n    reason: the sidecar\n");
    write(&upstream, &[("config.yaml", config(&app))], &decided(true));
    upstream.run(&format!("{BUILD} -o carried.tar.zst")).await.ok();
    assert_eq!(images(&upstream, "carried.tar.zst"), ["team/app:1"]);
    let told = evidence(&upstream, "carried.tar.zst");
    assert_eq!((told.references[0].fate, told.references[0].reason.as_deref()), (Fate::Decided, Some("the sidecar")));
    assert_eq!(told.decisions[0].asked.to_string(), "found.yaml:9");

    write(&upstream, &[("config.yaml", config(&app))], &decided(false));
    upstream.run(&format!("{BUILD} -o left.tar.zst")).await.ok();
    assert_eq!(images(&upstream, "left.tar.zst"), [""; 0]);
    assert_eq!(evidence(&upstream, "left.tar.zst").references[0].fate, Fate::LeftOut);

    // What surely runs is not decided away.
    write(&upstream, &[("config.yaml", config(&app)), ("pod.yaml", pod("web", &app, ""))], &decided(false));
    let refused = upstream.run(&format!("{BUILD} -o sure.tar.zst")).await.fails();
    let message = format!("decision-overruled: a decision leaves `{app}` out, and there it is surely used");
    assert!(refused.contains(&message) && refused.contains("found.yaml:9"), "{refused}");
    assert!(refused.contains("waive `image-missing`"), "{refused}");
    write(&upstream, &[("config.yaml", config(&app)), ("pod.yaml", pod("web", &app, ""))], "");
    upstream.run(&format!("{BUILD} -o sure.tar.zst")).await.ok();
    assert_eq!(images(&upstream, "sure.tar.zst"), ["team/app:1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_findings_are_told_at_once_and_waived_ones_too() {
    let upstream = Upstream::start().await;
    let app = format!("{}/team/app:1", upstream.registry.address);
    let gadget = "apiVersion: shop.example.org/v1\nkind: Gadget\nmetadata:\n  name: one\n";
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\nspec:\n  storageClassName: fast\n  \
                 accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 1Gi}}\n";
    let templates =
        [("gadget.yaml", gadget.to_owned()), ("claim.yaml", claim.to_owned()), ("config.yaml", config(&app))];
    write(&upstream, &templates, "");
    let refused = upstream.run(&format!("{BUILD} -o x.tar.zst")).await.fails();
    for finding in [
        "the bundle would not be complete: 3 findings",
        "crd-missing: there are objects of the kind `Gadget` of `shop.example.org`",
        "storage-class-missing: PersistentVolumeClaim data asks for the storage class `fast`",
        "image-undecided: ",
    ] {
        assert!(refused.contains(finding), "{finding} in {refused}");
    }

    let json = upstream.run(&format!("{BUILD} -o x.tar.zst --format json")).await;
    assert_eq!(json.code, Some(1));
    let told: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let ids: Vec<&str> = told["findings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["crd-missing", "image-undecided", "storage-class-missing"]);

    let waivers = |until: &str| {
        format!(
            "decisions:\n  - {{ image: '{app}', carry: false, reason: no image }}\nprovides: {{ storageClasses: [fast] }}\n\
             waivers:\n  - finding: crd-missing\n    object: Gadget.*\n    reason: the site has it\n{until}"
        )
    };
    write(&upstream, &templates, &waivers("    until: 2026-11-21\n"));
    let built = upstream.run(&format!("{BUILD} -o waived.tar.zst")).await;
    assert!(built.stderr.contains("the end of a waiver has passed by now"), "{}", built.stderr);
    let told = built.ok();
    assert!(
        told.contains("waived  crd-missing  Gadget.shop.example.org")
            && told.contains("the site has it (found.yaml:12, until 2026-11-21)"),
        "{told}"
    );
    let evidence = evidence(&upstream, "waived.tar.zst");
    let finding = evidence.findings.iter().find(|finding| finding.id == "crd-missing").unwrap();
    assert_eq!(
        (finding.severity, finding.waived.as_ref().unwrap().reason.as_str()),
        (Severity::Error, "the site has it")
    );
    assert_eq!(evidence.waivers[0].used, 1);
    assert!(upstream.run("lock found.yaml").await.ok().contains("the site has it"));

    // What has ended before the stack was made lets nothing pass.
    write(&upstream, &templates, &waivers("    until: 2026-11-20\n"));
    let refused = upstream.run(&format!("{BUILD} -o ended.tar.zst")).await.fails();
    assert!(refused.contains("crd-missing") && refused.contains("the waiver at found.yaml:12 has ended"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn images_of_tests_are_told_and_not_carried() {
    let upstream = Upstream::start().await;
    let app = format!("{}/team/app:1", upstream.registry.address);
    let gone = format!("{}/team/nowhere:1", upstream.registry.address);
    let hook = "  annotations: {helm.sh/hook: test}\n";
    write(&upstream, &[("pod.yaml", pod("web", &app, "")), ("test.yaml", pod("test", &gone, hook))], "");
    upstream.run(&format!("{BUILD} -o x.tar.zst")).await.ok();
    assert_eq!(images(&upstream, "x.tar.zst"), ["team/app:1"]);
    let evidence = evidence(&upstream, "x.tar.zst");
    let fates: Vec<Fate> = evidence.references.iter().map(|reference| reference.fate).collect();
    assert_eq!(fates, [Fate::Found, Fate::Test]);

    let shown = upstream.run("discover found.yaml").await.ok();
    assert!(
        shown.contains("team/app:1      found  certain") && shown.contains("team/nowhere:1  test   certain"),
        "{shown}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&upstream.run("discover found.yaml -o json").await.ok()).unwrap();
    assert_eq!((&json["refused"], &json["evidence"]["references"][0]["fate"]), (&false.into(), &"found".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_moved_upstream_is_pulled_from_there_and_keeps_its_name() {
    let upstream = Upstream::start().await;
    let address = upstream.registry.address.clone();
    let (named, moved) = ("gone.example.org/old/app:1", format!("{address}/team/app:1"));
    let images = format!("images:\n  - {{ image: '{named}', from: {{ image: '{moved}' }} }}\n");
    write(&upstream, &[("pod.yaml", pod("web", named, ""))], &images);
    upstream.run("lock found.yaml").await.ok();
    let lock = bundler::lock::read(&upstream.path("found.lock.yaml")).unwrap().unwrap();
    assert_eq!(
        (lock.images[0].image.to_string().as_str(), lock.images[0].from.as_deref()),
        (named, Some(format!("image {moved}").as_str()))
    );
    upstream.run(&format!("{BUILD} --locked -o x.tar.zst")).await.ok();
    let document = upstream.document("x.tar.zst");
    let image = document.items.iter().find_map(|item| item.as_image()).unwrap();
    assert_eq!((image.reference.to_string().as_str(), image.descriptor.digest), (named, lock.images[0].digest));
    let evidence = evidence(&upstream, "x.tar.zst");
    assert_eq!(evidence.references[0].pulled_from.as_ref().unwrap().to_string(), moved);
    assert_eq!(evidence.references[0].fate, Fate::Listed);

    // What is locked is not asked for again, and `lock` says so when the place changes.
    upstream.push_image("app:1", "second\n");
    assert_eq!(upstream.run("lock found.yaml").await.ok(), "found.lock.yaml is up to date\n");
    // The name says what it has to be.
    let pinned = format!("gone.example.org/old/app@sha256:{}", "0".repeat(64));
    write(&upstream, &[], &images.replace(named, &pinned));
    let refused = upstream.run(&format!("{BUILD} -o y.tar.zst")).await.fails();
    assert!(refused.contains("is not what its name says"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_is_the_same_with_any_number_of_threads() {
    let upstream = Upstream::start().await;
    let app = |name: &str| format!("{}/team/{name}:1", upstream.registry.address);
    let names: Vec<String> = (0..6).map(|number| format!("app{number}")).collect();
    for name in &names {
        upstream.push_image(&format!("{name}:1"), name);
    }
    let templates: Vec<(String, String)> =
        names.iter().map(|name| (format!("{name}.yaml"), pod(name, &app(name), ""))).collect();
    let templates: Vec<(&str, String)> = templates.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    write(&upstream, &templates, "");
    let mut texts = Vec::new();
    for threads in ["1", "8"] {
        let _ = fs::remove_file(upstream.path("found.lock.yaml"));
        upstream.run(&format!("lock found.yaml --concurrency {threads}")).await.ok();
        texts.push(upstream.read("found.lock.yaml"));
    }
    assert!(texts[0] == texts[1]);
    let lock = bundler::lock::read(&upstream.path("found.lock.yaml")).unwrap().unwrap();
    assert_eq!((lock.images.len(), lock.discovery.unwrap().references.len()), (6, 6));
}

/// A bad merge may take an image out of both places where a lock has it.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_lost_lines_makes_no_bundle_that_lacks_them() {
    let upstream = Upstream::start().await;
    let app = |name: &str| format!("{}/team/{name}:1", upstream.registry.address);
    for name in ["one", "two"] {
        upstream.push_image(&format!("{name}:1"), name);
    }
    let templates = [("one.yaml", pod("one", &app("one"), "")), ("two.yaml", pod("two", &app("two"), ""))];
    write(&upstream, &templates, "");
    upstream.run("lock found.yaml").await.ok();
    let path = upstream.path("found.lock.yaml");
    let whole = upstream.read("found.lock.yaml");
    let mut lock = bundler::lock::read(&path).unwrap().unwrap();
    lock.images.retain(|image| image.image.to_string() != app("two"));
    lock.discovery.as_mut().unwrap().references.retain(|seen| seen.image.to_string() != app("two"));
    fs::write(&path, lock.to_yaml()).unwrap();
    let refused = upstream.run(&format!("{BUILD} --locked -o x.tar.zst")).await.fails();
    assert!(refused.contains("what the lock says of the charts is not what was written there"), "{refused}");
    // Whoever does not insist gets both, and locking again brings the line back.
    upstream.run(&format!("{BUILD} -o x.tar.zst")).await.ok();
    assert_eq!(images(&upstream, "x.tar.zst"), ["team/one:1", "team/two:1"]);
    upstream.run("lock found.yaml").await.ok();
    assert!(upstream.read("found.lock.yaml") == whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_chart_brings_is_there_for_others() {
    let upstream = Upstream::start().await;
    let gadget = "apiVersion: shop.example.org/v1\nkind: Gadget\nmetadata:\n  name: one\n";
    let templates = [
        ("definition.yaml", DEFINITION.to_owned()),
        ("gadget.yaml", gadget.to_owned()),
        ("class.yaml", CLASS.to_owned()),
    ];
    write(&upstream, &templates, "");
    upstream.change("components/web.yaml", "charts:", WANTS);
    upstream.run("lock found.yaml").await.ok();
    let lock = bundler::lock::read(&upstream.path("found.lock.yaml")).unwrap().unwrap();
    let installs: Vec<_> = lock.discovery.unwrap().installs.into_iter().map(|thing| (thing.kind, thing.name)).collect();
    let expected = [
        (ThingKind::Api, "shop.example.org/v1/Gadget"),
        (ThingKind::Crd, "gadgets.shop.example.org"),
        (ThingKind::StorageClass, "fast"),
    ];
    assert_eq!(installs, expected.map(|(kind, name)| (kind, name.to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_can_be_left_unread_with_a_reason() {
    let upstream = Upstream::start().await;
    write(&upstream, &[("pod.yaml", pod("web", "nowhere.example.org/x:1", ""))], "");
    upstream.change("components/web.yaml", "../chart", "../chart\n    withoutDiscovery: its images are listed by hand");
    let told = upstream.run_with_helm(Path::new("/nonexistent"), &format!("{BUILD} -o x.tar.zst")).await.ok();
    assert_eq!(images(&upstream, "x.tar.zst"), [""; 0]);
    let reason = "`web` of the component `web` is not looked through: its images are listed by hand";
    assert!(told.contains("chart-unread") && told.contains(reason), "{told}");
    let finding = &evidence(&upstream, "x.tar.zst").findings[0];
    assert_eq!((finding.id.as_str(), finding.object.as_str()), ("chart-unread", "web/web"));
    assert_eq!((finding.severity, finding.message.as_str()), (Severity::Warning, reason));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_chart_brings_that_is_only_carried_is_not_there() {
    let upstream = Upstream::start().await;
    let pod = pod("web", "{{ .Release.Namespace }}.example.org/{{ .Values.image }}", "");
    write(&upstream, &[("a.yaml", DEFINITION.to_owned()), ("b.yaml", CLASS.to_owned()), ("c.yaml", pod)], "");
    upstream.change("components/web.yaml", "charts:", WANTS);
    // It is rendered as it will be, all the same.
    let carried = "../chart\n    install: false\n    namespace: tools\n    values: {image: 'app:7'}\n";
    upstream.change("components/web.yaml", "../chart\n", carried);
    let refused = upstream.run("lock found.yaml").await.fails();
    assert!(refused.contains("2 findings") && refused.contains("crd-missing"), "{refused}");
    assert!(refused.contains("storage-class-missing"), "{refused}");
    let shown = upstream.run("discover found.yaml").await;
    assert!(shown.stdout.contains("tools.example.org/app:7  found"), "{}", shown.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_texts_that_are_random_make_no_other_lock() {
    let upstream = Upstream::start().await;
    let app = format!("{}/team/app:1", upstream.registry.address);
    let name = "job-{{ randAlphaNum 8 | lower }}";
    let text = config("example.org/a-{{ randAlphaNum 8 | lower }}:1").replace("sidecarImage", "note");
    let key = config("note").replace("settings", "keys").replace("sidecarImage: note", &format!("{name}.image: {app}"));
    let decided = format!("decisions: [{{image: '{app}', carry: true, reason: the sidecar}}]\n");
    write(&upstream, &[("pod.yaml", pod(name, &app, "")), ("text.yaml", text), ("key.yaml", key)], &decided);
    let mut locks = Vec::new();
    for _ in 0..2 {
        let _ = fs::remove_file(upstream.path("found.lock.yaml"));
        upstream.run("lock found.yaml").await.ok();
        locks.push(upstream.read("found.lock.yaml"));
    }
    assert!(locks[0] == locks[1], "{}", String::from_utf8_lossy(&locks[1]));
    let lock = bundler::lock::read(&upstream.path("found.lock.yaml")).unwrap().unwrap();
    let seen = &lock.discovery.unwrap().references;
    assert_eq!(seen.len(), 1, "{seen:?}");
    let objects = seen[0].seen.iter().map(|seen| (seen.object.as_ref().unwrap().name.as_str(), seen.path.as_str()));
    assert_eq!(objects.collect::<Vec<_>>(), [("*", "*"), ("*", "spec.containers[0].image")]);

    // An image that is another one each time is none that could be carried.
    let varying = format!("{}/team/app:{{{{ randNumeric 9 }}}}", upstream.registry.address);
    write(&upstream, &[("pod.yaml", pod("web", &varying, ""))], "");
    let refused = upstream.run("lock found.yaml").await.fails();
    let told = "a Pod has another image at spec.containers[0].image each time that the chart is rendered";
    assert!(refused.split_whitespace().collect::<Vec<_>>().join(" ").contains(told), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_looked_through_is_what_is_carried_whatever_upstream_says_next() {
    let upstream = Upstream::start().await;
    upstream.run("build stack.yaml --unsigned -o x.tar.zst").await.ok();
    // One answer decides: another to the same question could be another chart than the one that was looked through.
    let asked = upstream.server.targets();
    let count = |part: &str| asked.iter().filter(|target| target.contains(part)).count();
    assert_eq!((count("/charts/index.yaml"), count("/charts/web-1.0.0.tgz.prov")), (1, 1), "{asked:?}");
}
