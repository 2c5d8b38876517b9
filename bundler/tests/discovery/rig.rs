//! A component on disk, made ready for discovery as a build does it.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use bundler::charts::package::package;
use bundler::discovery::{ChartRequest, Cluster, Discovered, Helm, ManifestRequest, Request, discover};
use manifests::component::{ChartSource, FileSource};
use manifests::yaml::SourceFile;
use manifests::{Component, Digest};

/// What clusters of these tests run.
pub const KUBERNETES: &str = "v1.30.6+rke2r1";

/// Helm as the set-up script builds it, as Go installs it, or from the path.
pub fn helm_program() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(".rig/bin/helm");
    let installed = std::env::home_dir().unwrap_or_default().join("go/bin/helm");
    [built, installed].into_iter().find(|path| path.exists()).unwrap_or_else(|| "helm".into())
}

pub async fn helm() -> Helm {
    Helm::find(Some(&helm_program()), None).await.unwrap_or_else(|error| panic!("these tests need helm: {error}"))
}

/// What is looked at of the component in a folder; its charts are packed into `work`.
pub fn request(folder: &Path, work: &Path) -> Request {
    let path = folder.join("component.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let component = Component::parse(&SourceFile::new(path.display().to_string(), &text)).unwrap_or_else(|problems| {
        panic!("{}", airgap_console::error::render(&problems));
    });
    let charts = component.charts.iter().map(|chart| {
        let ChartSource::Local { path } = &chart.source else { panic!("{chart} is not on disk") };
        let packed = package(&folder.join(path), jiff::Timestamp::UNIX_EPOCH).unwrap();
        let archive = work.join(format!("{}.tgz", chart.name));
        std::fs::write(&archive, &packed.archive).unwrap();
        let release = chart.release.clone().unwrap();
        ChartRequest {
            component: component.name.clone(),
            chart: chart.name.clone(),
            release: chart.release_name().unwrap(),
            namespace: component.deployment.own_namespace(&component.name),
            digest: Digest::of(&packed.archive),
            archive,
            values: release.values,
            variants: release.variants,
            site_values: release.site_values,
            folder: None,
        }
    });
    let manifest = |file: &manifests::component::WantedFile| {
        let FileSource::Local { path, .. } = &file.source else { panic!("{} is not on disk", file.path) };
        ManifestRequest { component: component.name.clone(), file: file.path.clone(), path: folder.join(path) }
    };
    Request {
        cluster: Cluster::of(&KUBERNETES.parse().unwrap()),
        charts: charts.collect(),
        manifests: component.files.iter().map(manifest).collect(),
        lists: Vec::new(),
        repositories: Vec::new(),
    }
}

/// Discovers what the component in a folder asks for.
pub async fn discovered(folder: &Path) -> Discovered {
    let work = tempfile::tempdir().unwrap();
    let request = request(folder, work.path());
    discover(&helm().await, request, NonZeroUsize::new(2).unwrap()).await.unwrap()
}

/// A component with one chart, from the texts of the chart's files.
pub struct Written(tempfile::TempDir);

impl Written {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let component = "apiVersion: airgap/v1\nkind: Component\nname: shop\ncharts: [{name: shop, path: ./shop}]\n";
        let chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\n";
        for (name, text) in [("component.yaml", component), ("shop/Chart.yaml", chart)].iter().chain(files) {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub async fn discovered(&self) -> Discovered {
        discovered(self.folder()).await
    }
}
