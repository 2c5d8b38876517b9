//! `components` and `stacks`.

use std::fs;

use crate::shown;
use crate::site::Site;

#[test]
fn components_are_listed_by_their_names_and_an_empty_folder_is_none() {
    let site = Site::new();
    fs::create_dir_all(site.path("components/below")).unwrap();
    shown!(site.run("components --folder components"), @r"
    exit 1
    --- stdout
    --- stderr
    error: there is no file of YAML in the folder components
      help: name the folder that the files are in, such as `--folder manifests/components`; those below it don't count
    ");
    for name in ["shop-apps", "shop"] {
        let text = format!(
            "apiVersion: airgap/v1\nkind: Component\nname: {name}\ndescription: Sells things.\nversion: 1.0.0\n"
        );
        fs::write(site.path(&format!("components/{name}.yaml")), text).unwrap();
    }
    let shown = site.run("components --folder components").ok();
    let names: Vec<_> = shown.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["shop", "shop-apps"], "{shown}");
}
