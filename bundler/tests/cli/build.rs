//! `build` from what lies on disk: what it refuses, and what it leaves alone.

use crate::site::Site;

/// A site with a stack of one chart, in the folder `chart`.
fn with_chart() -> Site {
    let site = Site::new();
    site.tool("mkdir -p chart/templates");
    site.write("chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    site.write(
        "stack.yaml",
        "apiVersion: airgap/v1\nkind: Stack\nname: platform\nversion: 1.2.3\ncreated: 2026-11-21\n\
         charts: [{ name: web, path: chart }]\n",
    );
    site
}

#[test]
fn a_chart_that_links_to_what_is_outside_of_it_is_not_built() {
    let site = with_chart();
    site.write("secret", "a key of the building machine");
    site.tool("ln -s ../../secret chart/templates/notes.txt");
    let said = site.run("build stack.yaml -o a.tar.zst --unsigned").fails(1);
    let outside = format!(
        "chart/templates/notes.txt leads out of the chart's folder, to {}",
        std::fs::canonicalize(site.path("secret")).unwrap().display()
    );
    assert!(said.contains(&outside) && said.contains("stack.yaml:6:18"), "{said}");
    assert!(said.contains("leave the link out with .helmignore"), "{said}");
    assert!(!site.path("a.tar.zst").exists());
    site.write("chart/.helmignore", "notes.txt\n");
    site.run("build stack.yaml -o a.tar.zst --unsigned").ok();
}
