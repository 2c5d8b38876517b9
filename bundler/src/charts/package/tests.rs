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
        package_of(self.0.path())
    }
}

fn package_of(directory: &Path) -> Result<Package, PackageError> {
    package(directory, Timestamp::from_second(1_700_000_000).unwrap())
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
        ("shared/_helpers.tpl", "x"),
    ]);
    symlink("../shared", chart.0.path().join("templates/shared")).unwrap();
    symlink(chart.0.path().join("Chart.yaml"), chart.0.path().join("values.yaml")).unwrap();
    symlink("/etc/passwd", chart.0.path().join("out.bak")).unwrap();
    let package = chart.package().unwrap();
    assert_eq!(
        names(&package.archive),
        [
            "demo/Chart.yaml",
            "demo/.helmignore",
            "demo/shared/_helpers.tpl",
            "demo/templates/shared/_helpers.tpl",
            "demo/values.yaml"
        ]
    );
    // The folder itself may be reached by a link.
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(chart.0.path(), elsewhere.path().join("chart")).unwrap();
    let again = package_of(&elsewhere.path().join("chart")).unwrap();
    assert_eq!(again.archive, package.archive);
}

#[test]
fn a_link_out_of_the_folder_and_what_is_no_file_are_refused() {
    let secret = Directory::new(&[("key", "private"), ("chart-2/key", "private")]);
    let place = |name: &str| secret.0.path().join(name);
    for target in [place("key"), place("chart-2"), place("chart/../key"), place("link")] {
        let chart = place("chart");
        let _ = fs::remove_dir_all(&chart);
        secret.write("chart/Chart.yaml", CHART);
        fs::create_dir(chart.join("templates")).unwrap();
        if !place("link").exists() {
            symlink("key", place("link")).unwrap();
        }
        symlink(&target, chart.join("templates/link")).unwrap();
        let error = package_of(&chart).unwrap_err();
        assert!(matches!(&error, PackageError::Outside { .. }), "{}: {error}", target.display());
    }
    for name in [".helmignore", "pipe"] {
        let chart = Directory::new(&[("Chart.yaml", CHART)]);
        let pipe = chart.0.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        assert!(matches!(chart.package().unwrap_err(), PackageError::Special(path) if path == pipe));
    }
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
