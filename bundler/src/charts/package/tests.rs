use std::os::unix::fs::{PermissionsExt, symlink};

use manifests::Digest;

use super::*;

struct Directory(tempfile::TempDir);

impl Directory {
    fn new(files: &[(&str, &str)]) -> Self {
        let directory = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(name, content)| directory.write(name, content));
        directory
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn package(&self) -> Result<Package, PackageError> {
        package(self.0.path(), Timestamp::from_second(1_700_000_000).unwrap())
    }
}

const CHART: &str = "apiVersion: v2\nname: demo\nversion: 1.0.0\n";

fn names(archive: &[u8]) -> Vec<String> {
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    tar.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect()
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let files = [("Chart.yaml", CHART), ("values.yaml", "a: 1"), ("templates/cm.yaml", "kind: ConfigMap")];
    let one = Directory::new(&files);
    let mut reversed = files;
    reversed.reverse();
    let two = Directory::new(&reversed);
    fs::set_permissions(two.0.path().join("values.yaml"), fs::Permissions::from_mode(0o600)).unwrap();
    let (one, two) = (one.package().unwrap().archive, two.package().unwrap().archive);
    assert_eq!(Digest::of(&one), Digest::of(&two));
    assert_eq!(names(&one), ["demo/Chart.yaml", "demo/templates/cm.yaml", "demo/values.yaml"]);
}

#[test]
fn ignored_files_stay_out_and_links_are_followed() {
    let chart = Directory::new(&[
        ("Chart.yaml", CHART),
        (".helmignore", "*.bak\nci/\n"),
        ("values.bak", ""),
        ("ci/test.yaml", ""),
        ("templates/.swp", ""),
    ]);
    let shared = Directory::new(&[("_helpers.tpl", "x")]);
    symlink(shared.0.path(), chart.0.path().join("templates/shared")).unwrap();
    let package = chart.package().unwrap();
    assert_eq!(names(&package.archive), ["demo/Chart.yaml", "demo/.helmignore", "demo/templates/shared/_helpers.tpl"]);
}

#[test]
fn a_chart_without_its_dependencies_is_refused_with_the_command_that_fetches_them() {
    use miette::Diagnostic;
    let chart = Directory::new(&[(
        "Chart.yaml",
        &format!("{CHART}dependencies: [{{name: one, version: 1.x, repository: ''}}, {{name: two, version: 1.x}}]"),
    )]);
    chart.write("charts/renamed/Chart.yaml", "apiVersion: v2\nname: one\nversion: 1.0.0");
    let error = chart.package().unwrap_err();
    assert_eq!(error.to_string(), "Chart.yaml depends on charts that are not in charts/: two");
    assert!(error.help().unwrap().to_string().contains("helm dependency build"));
    let two = Directory::new(&[("Chart.yaml", "apiVersion: v2\nname: two\nversion: 1.0.0")]).package().unwrap();
    fs::write(chart.0.path().join("charts/two-1.0.0.tgz"), two.archive).unwrap();
    chart.package().unwrap();
}

#[test]
fn what_is_no_chart_is_refused() {
    assert!(matches!(Directory::new(&[("values.yaml", "")]).package(), Err(PackageError::NoChart(_))));
    let circle = Directory::new(&[("Chart.yaml", CHART)]);
    symlink(".", circle.0.path().join("again")).unwrap();
    assert!(matches!(circle.package(), Err(PackageError::TooDeep(_) | PackageError::Read { .. })));
    let absent = package(Path::new("/nonexistent"), Timestamp::UNIX_EPOCH).unwrap_err();
    assert!(matches!(absent, PackageError::Read { .. }), "{absent}");
}
