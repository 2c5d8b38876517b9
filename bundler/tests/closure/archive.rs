//! The machine's own archive: the package lists that its apt has.

use std::process::Command;

use bundler::packages::closure::{Pocket, Universe};

/// The lists, decompressed, in apt's order.
pub struct Archive {
    pub lists: Vec<(String, Vec<u8>)>,
    pub native: String,
}

/// What apt knows of a list: where it is, and what it is called.
const FORMAT: &str = "$(CREATED_BY)|$(RELEASE) $(COMPONENT)|$(FILENAME)";

impl Archive {
    /// Reads the lists, which `apt-get update` fetches where they are missing.
    pub fn of_this_machine() -> Self {
        let native = output("dpkg", &["--print-architecture"]).trim().to_owned();
        let mut targets = targets();
        if targets.is_empty() {
            output("apt-get", &["update"]);
            targets = self::targets();
        }
        assert!(!targets.is_empty(), "apt has no package lists here, also after `apt-get update`");
        let lists = targets.into_iter().map(|(name, file)| {
            let list = Command::new("/usr/lib/apt/apt-helper").args(["cat-file", &file]).output().unwrap();
            assert!(list.status.success(), "{file}: {}", String::from_utf8_lossy(&list.stderr));
            (name, list.stdout)
        });
        Self { lists: lists.collect(), native }
    }

    pub fn universe(&self) -> Universe<'_> {
        let mut builder = Universe::builder(self.native.parse().unwrap(), Vec::new());
        for (tag, (name, text)) in self.lists.iter().enumerate() {
            builder.add_index(text, Pocket { description: name.clone(), priority: 500, tag }).unwrap();
        }
        builder.finish()
    }
}

fn targets() -> Vec<(String, String)> {
    let text = output("apt-get", &["indextargets", "--format", FORMAT]);
    let fields = text.lines().map(|line| line.split('|').collect::<Vec<_>>());
    fields.filter(|fields| fields[0] == "Packages").map(|fields| (fields[1].to_owned(), fields[2].to_owned())).collect()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; these tests run on Debian and Ubuntu"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
