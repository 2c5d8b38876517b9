//! What to write on a client so that it finds the site's server: exact, ready to be copied.

mod clients;
mod git;

use std::fmt;
use std::path::PathBuf;

use manifests::Document;

pub use clients::{Client, render};

/// The site's server as a client sees it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `host:port`, as it stands in references and URLs.
    pub authority: String,
    /// The site's certificate authority, on this machine.
    pub authority_file: PathBuf,
    /// How a client says who it is; none when everybody may pull.
    pub login: Option<Login>,
}

impl Endpoint {
    /// The server's address.
    pub fn url(&self) -> String {
        format!("https://{}", self.authority)
    }
}

/// A user and its password.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password, or what stands in for it.
    pub password: Password,
}

/// A password that shows only where it was asked for.
#[derive(Clone)]
pub enum Password {
    /// Shown as the file that holds it.
    In(PathBuf),
    /// Shown as it is.
    Shown(String),
    /// Not known here: an operator has set it.
    Unknown,
}

impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(file) => write!(f, "<password in {}>", file.display()),
            Self::Shown(password) => f.write_str(password),
            Self::Unknown => f.write_str("PASSWORD"),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// Things of a bundle that the snippets name, so that a command can be run as it stands.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    /// An image's name at the site.
    pub image: Option<String>,
    /// A chart: its repository at the site, and its version.
    pub chart: Option<(String, String)>,
    /// A file's path below `/files/`.
    pub file: Option<String>,
    /// The git repositories, each by its path at the site and the URLs by which others name it.
    pub repositories: Vec<(String, Vec<String>)>,
}

impl Examples {
    /// Those of several bundles, the latest first: of each kind the first that there is, and all repositories, each once.
    pub fn of_all<'d>(documents: impl IntoIterator<Item = &'d Document>) -> Self {
        let mut all = Self::default();
        for document in documents {
            let next = Self::of(document);
            all.image = all.image.or(next.image);
            all.chart = all.chart.or(next.chart);
            all.file = all.file.or(next.file);
            let new = next
                .repositories
                .into_iter()
                .filter(|(path, _)| all.repositories.iter().all(|(known, _)| known != path));
            let new: Vec<_> = new.collect();
            all.repositories.extend(new);
        }
        all
    }

    /// The first of each kind.
    pub fn of(document: &Document) -> Self {
        let items = || document.items.iter();
        Self {
            image: items().find_map(|item| item.as_image()).map(|image| {
                let repository = image.reference.repository();
                image.reference.to_string().replacen(&repository.to_string(), &repository.as_path(), 1)
            }),
            chart: items()
                .find_map(|item| item.as_chart())
                .map(|chart| (chart.reference.repository().as_path(), chart.version.clone())),
            file: items()
                .find_map(|item| item.as_files())
                .and_then(|files| Some(format!("{}/{}", files.name, files.files.first()?.path))),
            repositories: document
                .repositories()
                .map(|git| (format!("/git/{}/{}.git", git.component, git.name), git.names()))
                .collect(),
        }
    }
}
