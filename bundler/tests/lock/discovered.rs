//! What charts refer to, from the chart to lock and bundle: with the real Helm and a real registry.

use std::fs;
use std::path::Path;

use manifests::bundle::UnverifiedBundle;
use manifests::evidence::{Evidence, FILE, Fate, SET, Severity};
use manifests::lock::ThingKind;

use crate::upstream::Upstream;

const BUILD: &str = "build found.yaml --unsigned";

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

fn evidence(upstream: &Upstream, bundle: &str) -> Evidence {
    let bundle = UnverifiedBundle::open(&[upstream.path(bundle)]).unwrap();
    let digest = bundle.document_digest();
    let bundle = bundle.verify_pinned(&digest).unwrap();
    let set = bundle.document().items.iter().filter_map(|item| item.as_files()).find(|set| set.name == SET).unwrap();
    assert_eq!(set.reference.to_string(), format!("bundle.local/files/{SET}:1.0.0"));
    let file = set.files.iter().find(|file| file.path == FILE).unwrap();
    Evidence::parse(&bundle.read_to_vec(&file.digest, file.size).unwrap()).unwrap()
}

fn images(upstream: &Upstream, bundle: &str) -> Vec<String> {
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
    assert!(told.contains("team/app:1"), "{told}");
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
