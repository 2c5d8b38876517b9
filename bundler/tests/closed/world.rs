//! A stack on disk, and what a lock would say of its charts.

use std::path::PathBuf;

use bundler::closed::{Judgement, judge};
use bundler::lock::Folder;
use bundler::resolve::ResolvedStack;
use bundler::resolve::stack::{ResolvedImage, load};
use manifests::lock::LockedDiscovery;
use manifests::yaml::SourceFile;
use manifests::{Lock, Platform};

pub(crate) const HEAD: &str = "apiVersion: airgap/v1\nkind: Stack\nname: site\nversion: 1.0.0\ncomponents: [shop]\n";
pub(crate) const DAY: &str = "2026-11-21";

/// A stack with a component `shop`, on disk.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) stack: ResolvedStack,
    pub(crate) seen: LockedDiscovery,
}

impl World {
    /// `stack` and `shop` go behind the heads of the files; `seen` is what a lock would say of the charts.
    pub(crate) fn new(stack: &str, shop: &str, seen: &str) -> Self {
        let shop = format!("apiVersion: airgap/v1\nkind: Component\nname: shop\n{shop}");
        Self::of(&format!("{HEAD}{stack}"), &[("shop", shop)], seen)
    }

    pub(crate) fn of(stack: &str, components: &[(&str, String)], seen: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("components")).unwrap();
        for (name, text) in components {
            std::fs::write(path(&format!("components/{name}.yaml")), text).unwrap();
        }
        std::fs::write(path("stack.yaml"), stack).unwrap();
        let loaded =
            load(&path("stack.yaml")).unwrap_or_else(|error| panic!("{}", airgap_console::error::render(&error)));
        let lock = format!(
            "apiVersion: airgap/v1\nkind: Lock\nversion: 1\nstack: site\ndiscovery:\n  rules: 2\n  kubernetes: v1.30.6\n{seen}"
        );
        let lock =
            Lock::parse(&SourceFile::new("lock", &lock)).unwrap_or_else(|problems| panic!("{:?}", problems.list()));
        Self { folder, stack: loaded, seen: lock.discovery.unwrap() }
    }

    pub(crate) fn folder(&self) -> Folder {
        Folder::of(&self.path())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("stack.yaml")
    }

    pub(crate) fn judge(&self) -> Judgement {
        self.judge_with(|_| Vec::new())
    }

    /// With platforms that upstream lacks.
    pub(crate) fn judge_with(&self, lacks: impl Fn(&ResolvedImage) -> Vec<Platform>) -> Judgement {
        judge(&self.stack, &self.seen, lacks, DAY.parse().unwrap(), &self.folder())
    }

    /// Id, object, and where it is asked for; what is waived in brackets.
    pub(crate) fn findings(&self) -> Vec<String> {
        let judged = self.judge();
        let shown = judged.findings.iter().map(|judged| {
            let finding = &judged.finding;
            let place = finding.asked.as_ref().map(ToString::to_string).unwrap_or_default();
            let text = format!("{} {} {place}", finding.id, finding.object);
            if finding.waived.is_some() { format!("[{text}]") } else { text }
        });
        shown.collect()
    }
}

/// What is seen of an image: a container, or a text that may be one.
pub(crate) fn seen_image(image: &str, component: &str, confidence: &str) -> String {
    format!(
        "  - image: {image}\n    seen:\n    - component: {component}\n      chart: web\n      text: {image}\n      object: \
         {{kind: Deployment, name: web}}\n      file: web/templates/web.yaml\n      path: spec.x\n      confidence: \
         {confidence}\n      reason: it is an image\n"
    )
}

pub(crate) const SHA: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

pub(crate) fn rendered(component: &str) -> String {
    format!(
        "  - {{component: {component}, chart: web, version: '1', namespace: x, asked: 's.yaml:1', archive: '{SHA}', values: \
         '{SHA}'}}\n"
    )
}

pub(crate) const CHART: &str = "charts: [{name: web, path: ./web}]\n";
